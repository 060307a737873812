// SPDX-License-Identifier: Apache-2.0

package load

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/rerig/rerig/lab/shop/internal/serve"
)

// timestampFormat is RFC 3339 with milliseconds.
const timestampFormat = "2006-01-02T15:04:05.000Z07:00"

// Text writes the report for people.
func (r Report) Text(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "%s to %s: %d requests in %.0f s, %d ok, %d failed, %d skipped\n\n",
		r.Began.Format(timestampFormat), r.Until.Format(timestampFormat), r.Sent, r.Seconds, r.OK, r.Failed, r.Skipped)
	fmt.Fprintln(w, "KIND\tSENT\tOK\tFAILED\tWRONG\tSLOWEST\tPATH")
	for _, k := range r.Kinds {
		slowest := time.Duration(k.Slowest) * time.Millisecond
		fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\t%s\t%s\n", k.Kind, k.Sent, k.OK, k.Failed, k.Wrong, slowest, k.Path)
	}
	fmt.Fprintln(w, "\nHELD\tPLACE\tOPEN\tOPENED\tCUT\tUNOPENED")
	for _, h := range r.Held {
		fmt.Fprintf(w, "%s\t%s\t%d\t%d\t%d\t%d\n", h.Kind, h.Place, h.Open, h.Opened, h.Cut, h.Unopened)
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	r.writeEvents(out)
	return nil
}

// writeEvents lists who answered, and each failure with time and place.
func (r Report) writeEvents(out io.Writer) {
	var by []string
	for _, name := range slices.Sorted(maps.Keys(r.Answers)) {
		by = append(by, fmt.Sprintf("%s %d", name, r.Answers[name]))
	}
	fmt.Fprintf(out, "\nanswered by: %s\n", strings.Join(by, ", "))
	for _, p := range r.Places {
		fmt.Fprintf(out, "\nfailed at %s: %d\n", p.Place, p.Failed)
		for _, s := range p.Seconds {
			fmt.Fprintf(out, "  %s  %d\n", s.Second.Format(time.RFC3339), s.Failed)
		}
	}
	writeEventList(out, "failures", r.Failures)
	writeEventList(out, "cuts", r.Cuts)
}

func writeEventList(out io.Writer, title string, events []Event) {
	if len(events) > 0 {
		fmt.Fprintf(out, "\n%s:\n", title)
	}
	for _, e := range events {
		fmt.Fprintf(out, "  %s  %s  at %s: %s", e.Time.Format(timestampFormat), e.Kind, e.Place, e.What)
		if e.Hop != "" {
			fmt.Fprintf(out, " (%s)", e.Hop)
		}
		if e.Lasted != "" {
			fmt.Fprintf(out, " (after %s)", e.Lasted)
		}
		fmt.Fprintln(out)
	}
}

// Handler serves the report at /report (?format=text for people), POST /reset, and /ready.
func Handler(tally *Tally, ready func() error) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /report", func(w http.ResponseWriter, r *http.Request) {
		if r.FormValue("format") == "text" {
			w.Header().Set("Content-Type", "text/plain; charset=utf-8")
			_ = tally.Report().Text(w) // the client may have disconnected
			return
		}
		writeJSON(w, tally.Report())
	})
	mux.HandleFunc("POST /reset", func(w http.ResponseWriter, _ *http.Request) {
		before := tally.Report()
		tally.Reset()
		writeJSON(w, before)
	})
	mux.Handle("GET /ready", serve.ReadyHandler(ready))
	return mux
}

func writeJSON(w http.ResponseWriter, r Report) {
	w.Header().Set("Content-Type", "application/json")
	text := json.NewEncoder(w)
	text.SetIndent("", "  ")
	_ = text.Encode(r) // the client may have disconnected
}
