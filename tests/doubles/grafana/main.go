// Command grafana-double stands in for Grafana in tests: it reads the provisioning folder, refuses what Grafana would
// refuse, by Grafana's own published types, and answers /api/health. It shows nothing and queries nothing.
//
// `grafana-double -check` reads and ends: 0 when all is well, 1 with one line a mistake.
package main

import (
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

func main() {
	only := flag.Bool("check", false, "read the files and end")
	folder := flag.String("provisioning", "/etc/grafana/provisioning", "the provisioning folder")
	dashboards := flag.String("dashboards", "", "where the dashboards are, instead of where their provider says")
	flag.Parse()
	found := provision(*folder, *dashboards)
	for _, mistake := range found.mistakes {
		// The published types tell of several mistakes in one text.
		fmt.Fprintln(os.Stderr, "level=error", strings.Join(strings.Fields(mistake), " "))
	}
	if len(found.mistakes) > 0 {
		os.Exit(1)
	}
	fmt.Fprintf(os.Stderr, "level=info msg=\"this is a test's double, no Grafana\" datasources=%d dashboards=%d rules=%d\n",
		len(found.datasources), len(found.dashboards), found.rules)
	if *only {
		return
	}
	http.HandleFunc("/api/health", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintln(w, `{"database": "ok", "version": "double"}`)
	})
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	go func() {
		<-stop
		os.Exit(0)
	}()
	if err := http.ListenAndServe(":3000", nil); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
