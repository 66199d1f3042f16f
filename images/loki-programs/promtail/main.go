// Command promtail is Loki's log collector, from the packages that Loki's own module still holds: its command was
// removed with version 3.7. It takes the official command's flags.
package main

import (
	"flag"
	"fmt"
	"os"

	"github.com/go-kit/log/level"
	"github.com/grafana/dskit/flagext"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/grafana/loki/v3/clients/pkg/promtail"
	"github.com/grafana/loki/v3/clients/pkg/promtail/client"
	"github.com/grafana/loki/v3/clients/pkg/promtail/config"
	"github.com/grafana/loki/v3/pkg/util/cfg"
	util_log "github.com/grafana/loki/v3/pkg/util/log"
)

type options struct {
	config.Config `yaml:",inline"`
	checkSyntax   bool
	dryRun        bool
	// Read by cfg.ConfigFileLoader from the arguments; registered so that they are accepted.
	configFile string
	expandEnv  bool
}

func (o *options) RegisterFlags(f *flag.FlagSet) {
	f.BoolVar(&o.checkSyntax, "check-syntax", false, "Validate the config file of its syntax")
	f.BoolVar(&o.dryRun, "dry-run", false, "Start Promtail but print entries instead of sending them to Loki.")
	f.StringVar(&o.configFile, "config.file", "", "yaml file to load")
	f.BoolVar(&o.expandEnv, "config.expand-env", false, "Expands ${var} in config according to the values of the environment variables.")
	o.Config.RegisterFlags(f)
}

// Clone is what cfg.Unmarshal asks for: it fills a copy with the defaults.
func (o *options) Clone() flagext.Registerer {
	copied := *o
	return &copied
}

func read() (*options, error) {
	var o options
	flags := flag.NewFlagSet(os.Args[0], flag.ContinueOnError)
	err := cfg.DefaultUnmarshal(&o, os.Args[1:], flags)
	return &o, err
}

func main() {
	o, err := read()
	if err == nil && o.checkSyntax {
		err = check(o)
	}
	if err != nil {
		fmt.Println("Unable to parse config:", err)
		os.Exit(1)
	}
	if o.checkSyntax {
		fmt.Println("Valid config file! No syntax issues found")
		return
	}
	server := &o.ServerConfig.Config
	server.Log = util_log.InitLogger(server, prometheus.DefaultRegisterer, false)
	reread := func() (*config.Config, error) {
		again, err := read()
		return &again.Config, err
	}
	collector, err := promtail.New(o.Config, reread, client.NewMetrics(prometheus.DefaultRegisterer), o.dryRun)
	if err != nil {
		fail("error creating promtail", err)
	}
	// Run ends on SIGTERM.
	defer collector.Shutdown()
	if err := collector.Run(); err != nil {
		fail("error starting promtail", err)
	}
}

// fail ends the process with its last words written: the logger keeps lines back.
func fail(what string, err error) {
	level.Error(util_log.Logger).Log("msg", what, "error", err)
	if err := util_log.Flush(); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(1)
}

func check(o *options) error {
	if o.configFile == "" {
		return fmt.Errorf("-config.file is not set")
	}
	return o.Validate()
}
