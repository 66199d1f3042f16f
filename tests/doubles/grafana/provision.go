package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"github.com/go-openapi/strfmt"
	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/cog/plugins"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/expr"
	"github.com/grafana/grafana-foundation-sdk/go/loki"
	"github.com/grafana/grafana-openapi-client-go/models"
	"gopkg.in/yaml.v3"
)

// provisioned is what was read, and what was wrong with it.
type provisioned struct {
	datasources map[string]string // uid to type
	dashboards  map[string]string // uid to file
	folders     map[string]bool   // of dashboard providers
	rules       int
	mistakes    []string
}

func (p *provisioned) mistake(file string, format string, args ...any) {
	p.mistakes = append(p.mistakes, file+": "+fmt.Sprintf(format, args...))
}

// Grafana publishes no type for these two files: the fields are those of its provisioning documentation.
type datasourceFile struct {
	APIVersion  int `yaml:"apiVersion"`
	Datasources []struct {
		Name      string         `yaml:"name"`
		UID       string         `yaml:"uid"`
		Type      string         `yaml:"type"`
		Access    string         `yaml:"access"`
		URL       string         `yaml:"url"`
		OrgID     int            `yaml:"orgId"`
		IsDefault bool           `yaml:"isDefault"`
		Editable  bool           `yaml:"editable"`
		JSONData  map[string]any `yaml:"jsonData"`
		Version   int            `yaml:"version"`
	} `yaml:"datasources"`
}

type providerFile struct {
	APIVersion int `yaml:"apiVersion"`
	Providers  []struct {
		Name                  string `yaml:"name"`
		OrgID                 int    `yaml:"orgId"`
		Folder                string `yaml:"folder"`
		FolderUID             string `yaml:"folderUid"`
		Type                  string `yaml:"type"`
		DisableDeletion       bool   `yaml:"disableDeletion"`
		AllowUIUpdates        bool   `yaml:"allowUiUpdates"`
		UpdateIntervalSeconds int    `yaml:"updateIntervalSeconds"`
		Options               struct {
			Path                      string `yaml:"path"`
			FoldersFromFilesStructure bool   `yaml:"foldersFromFilesStructure"`
		} `yaml:"options"`
	} `yaml:"providers"`
}

func provision(folder, dashboards string) *provisioned {
	plugins.RegisterDefaultPlugins()
	p := &provisioned{datasources: map[string]string{}, dashboards: map[string]string{}, folders: map[string]bool{}}
	p.each(folder, "datasources", ".yml", p.readDatasources)
	p.each(folder, "dashboards", ".yml", func(file string, text []byte) { p.readProviders(file, text, dashboards) })
	p.each(folder, "alerting", ".yml", p.readAlerting)
	if len(p.datasources) == 0 {
		p.mistake(folder, "no data source")
	}
	return p
}

// each hands every file of a folder with the ending to read.
func (p *provisioned) each(folder, sub, ending string, read func(file string, text []byte)) {
	files, err := filepath.Glob(filepath.Join(folder, sub, "*"+ending))
	if err == nil && len(files) == 0 {
		err = fmt.Errorf("no *%s there", ending)
	}
	if err != nil {
		p.mistake(filepath.Join(folder, sub), "%v", err)
	}
	sort.Strings(files)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			p.mistake(file, "%v", err)
			continue
		}
		read(file, text)
	}
}

func strictYAML(text []byte, into any) error {
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	return decoder.Decode(into)
}

// refused takes the published types' list of no mistakes for what it is: they give it as an error.
func refused(err error) error {
	var list cog.BuildErrors
	if errors.As(err, &list) && len(list) == 0 {
		return nil
	}
	return err
}

func (p *provisioned) readDatasources(file string, text []byte) {
	var read datasourceFile
	if err := strictYAML(text, &read); err != nil {
		p.mistake(file, "%v", err)
		return
	}
	if read.APIVersion != 1 {
		p.mistake(file, "apiVersion is %d, not 1", read.APIVersion)
	}
	defaults := 0
	for _, source := range read.Datasources {
		if source.Name == "" || source.Type == "" || source.UID == "" {
			p.mistake(file, "a data source needs name, type and uid")
		}
		if source.Access != "proxy" && source.Access != "direct" {
			p.mistake(file, "%s: access is %q", source.Name, source.Access)
		}
		if !strings.HasPrefix(source.URL, "http://") && !strings.HasPrefix(source.URL, "https://") {
			p.mistake(file, "%s: url is %q", source.Name, source.URL)
		}
		if _, twice := p.datasources[source.UID]; twice {
			p.mistake(file, "uid %s twice", source.UID)
		}
		p.datasources[source.UID] = source.Type
		if source.IsDefault {
			defaults++
		}
	}
	if defaults != 1 {
		p.mistake(file, "%d data sources are the default, not one", defaults)
	}
}

func (p *provisioned) readProviders(file string, text []byte, instead string) {
	var read providerFile
	if err := strictYAML(text, &read); err != nil {
		p.mistake(file, "%v", err)
		return
	}
	if read.APIVersion != 1 {
		p.mistake(file, "apiVersion is %d, not 1", read.APIVersion)
	}
	for _, provider := range read.Providers {
		if provider.Name == "" || provider.Type != "file" {
			p.mistake(file, "a provider needs a name, and the type file (it is %q)", provider.Type)
		}
		p.folders[provider.Folder] = true
		path := provider.Options.Path
		if instead != "" {
			path = instead
		}
		p.each(path, ".", ".json", p.readDashboard)
	}
}

func (p *provisioned) readDashboard(file string, text []byte) {
	var read dashboard.Dashboard
	if err := refused(read.UnmarshalJSONStrict(text)); err != nil {
		p.mistake(file, "%v", err)
		return
	}
	if err := refused(read.Validate()); err != nil {
		p.mistake(file, "%v", err)
	}
	if read.Uid == nil || *read.Uid == "" || read.Title == nil || *read.Title == "" {
		p.mistake(file, "a dashboard needs uid and title")
		return
	}
	if other, twice := p.dashboards[*read.Uid]; twice {
		p.mistake(file, "uid %s is that of %s", *read.Uid, other)
	}
	p.dashboards[*read.Uid] = file
	ids := map[uint32]bool{}
	for _, entry := range read.Panels {
		panel := entry.Panel
		if panel == nil {
			continue
		}
		if panel.Id == nil || ids[*panel.Id] {
			p.mistake(file, "a panel without an id of its own: %v", panel.Title)
		} else {
			ids[*panel.Id] = true
		}
		if panel.Datasource == nil || panel.Datasource.Uid == nil {
			p.mistake(file, "panel %v names no data source", *panel.Title)
		} else {
			p.reference(file, *panel.Datasource.Uid)
		}
	}
	// The types leave references inside of queries and variables open: every one of them must resolve.
	var open any
	if err := json.Unmarshal(text, &open); err == nil {
		p.references(file, open)
	}
}

// references looks for {"datasource": {"uid": …}} anywhere.
func (p *provisioned) references(file string, value any) {
	switch value := value.(type) {
	case []any:
		for _, item := range value {
			p.references(file, item)
		}
	case map[string]any:
		if source, ok := value["datasource"].(map[string]any); ok {
			uid, _ := source["uid"].(string)
			p.reference(file, uid)
			if kind, ok := source["type"].(string); ok && p.datasources[uid] != kind {
				p.mistake(file, "data source %s is no %s", uid, kind)
			}
		}
		for _, item := range value {
			p.references(file, item)
		}
	}
}

func (p *provisioned) reference(file, uid string) {
	if _, there := p.datasources[uid]; !there {
		p.mistake(file, "there is no data source with uid %q", uid)
	}
}

func (p *provisioned) readAlerting(file string, text []byte) {
	var open map[string]any
	if err := yaml.Unmarshal(text, &open); err != nil {
		p.mistake(file, "%v", err)
		return
	}
	raw, err := json.Marshal(open)
	if err != nil {
		p.mistake(file, "%v", err)
		return
	}
	var read models.AlertingFileExport
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&read); err != nil {
		p.mistake(file, "%v", err)
		return
	}
	if err := refused(read.Validate(strfmt.Default)); err != nil {
		p.mistake(file, "%v", err)
	}
	if read.APIVersion != 1 {
		p.mistake(file, "apiVersion is %d, not 1", read.APIVersion)
	}
	for _, group := range read.Groups {
		if group.Name == "" || group.Folder == "" || group.Interval == "" {
			p.mistake(file, "a group needs name, folder and interval")
		}
		if !p.folders[group.Folder] {
			p.mistake(file, "folder %q is none that a dashboard provider makes", group.Folder)
		}
		for _, rule := range group.Rules {
			p.rules++
			p.readRule(file, rule)
		}
	}
}

func (p *provisioned) readRule(file string, rule *models.AlertRuleExport) {
	if rule.UID == "" || rule.Title == "" || len(rule.Data) == 0 {
		p.mistake(file, "a rule needs uid, title and data")
	}
	references := map[string]bool{}
	for _, query := range rule.Data {
		model, err := json.Marshal(query.Model)
		if err != nil {
			p.mistake(file, "%s: %v", query.RefID, err)
			continue
		}
		if query.DatasourceUID == "__expr__" {
			var read expr.TypeThreshold
			if err := refused(read.UnmarshalJSONStrict(model)); err != nil {
				p.mistake(file, "%s: %v", query.RefID, err)
			} else if !references[read.Expression] {
				p.mistake(file, "%s: its expression %q is no query before it", query.RefID, read.Expression)
			}
		} else {
			p.reference(file, query.DatasourceUID)
			var read loki.Dataquery
			if err := refused(read.UnmarshalJSONStrict(model)); err != nil {
				p.mistake(file, "%s: %v", query.RefID, err)
			}
			if query.RelativeTimeRange == nil || query.RelativeTimeRange.From <= query.RelativeTimeRange.To {
				p.mistake(file, "%s: relativeTimeRange is empty", query.RefID)
			}
		}
		references[query.RefID] = true
	}
	if rule.Condition == "" || !references[rule.Condition] {
		p.mistake(file, "%s: its condition %q is none of its queries", rule.Title, rule.Condition)
	}
	if uid := rule.Annotations["__dashboardUid__"]; uid != "" && p.dashboards[uid] == "" {
		p.mistake(file, "%s: there is no dashboard %s", rule.Title, uid)
	}
}
