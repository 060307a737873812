// SPDX-License-Identifier: Apache-2.0

package load

import (
	"encoding/json"
	"net/http"

	"github.com/rerig/rerig/lab/shop/internal/serve"
)

// Pages serves the report: /report (?format=text for people), POST /reset, and /ready once the load is on.
func Pages(tally *Tally, ready func() error) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /report", func(w http.ResponseWriter, r *http.Request) {
		if r.FormValue("format") == "text" {
			w.Header().Set("Content-Type", "text/plain; charset=utf-8")
			_ = tally.Report().Text(w) // nobody to tell when the reader is gone
			return
		}
		writeJSON(w, tally.Report())
	})
	mux.HandleFunc("POST /reset", func(w http.ResponseWriter, _ *http.Request) {
		before := tally.Report()
		tally.Reset()
		writeJSON(w, before)
	})
	mux.Handle("GET /ready", serve.Ready(ready))
	return mux
}

func writeJSON(w http.ResponseWriter, r Report) {
	w.Header().Set("Content-Type", "application/json")
	text := json.NewEncoder(w)
	text.SetIndent("", "  ")
	_ = text.Encode(r) // nobody to tell when the reader is gone
}
