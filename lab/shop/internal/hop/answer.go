// SPDX-License-Identifier: Apache-2.0

package hop

import (
	"encoding/json"
	"errors"
	"net/http"
)

// Headers that return a failure to the first caller.
const (
	failedHeader = "X-Shop-Failed"
	wrongHeader  = "X-Shop-Wrong"
)

// Answer is the answer of a service. It contains the answers of the services that it called.
type Answer struct {
	Service string   `json:"service"`
	Version string   `json:"version,omitempty"`
	Pod     string   `json:"pod"`
	Text    string   `json:"text,omitempty"`
	Calls   []Answer `json:"calls,omitempty"`
}

// Walk calls visit for the answer and all nested answers.
func (a Answer) Walk(visit func(Answer)) {
	visit(a)
	for _, next := range a.Calls {
		next.Walk(visit)
	}
}

// Reply writes the answer, or status 502 with the failed hop in a header and the observed error in
// the body.
func Reply(w http.ResponseWriter, a Answer, err error) {
	var f *Failure
	switch {
	case errors.As(err, &f):
		w.Header().Set(failedHeader, f.Hop())
		if f.Wrong {
			w.Header().Set(wrongHeader, "true")
		}
		http.Error(w, f.What, http.StatusBadGateway)
	case err != nil:
		http.Error(w, err.Error(), http.StatusInternalServerError)
	default:
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(a) // the caller may have disconnected
	}
}
