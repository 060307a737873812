// SPDX-License-Identifier: Apache-2.0

package hop

import (
	"encoding/json"
	"errors"
	"net/http"
)

// Headers by which a failure travels back to whoever asked first.
const (
	failedHeader = "X-Shop-Failed"
	wrongHeader  = "X-Shop-Wrong"
)

// Answer is what a service says, with the answers of those it asked, so that the whole way of a request can be read.
type Answer struct {
	Service string   `json:"service"`
	Version string   `json:"version,omitempty"`
	Pod     string   `json:"pod"`
	Text    string   `json:"says,omitempty"`
	Asked   []Answer `json:"asked,omitempty"`
}

// Walk calls see for the answer and for all those under it.
func (a Answer) Walk(visit func(Answer)) {
	visit(a)
	for _, next := range a.Asked {
		next.Walk(visit)
	}
}

// Reply writes the answer, or the failure of the step that kept it from being given: 502, the step's name in a
// header, and what was seen in the body, with the pod that saw it.
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
		_ = json.NewEncoder(w).Encode(a) // nobody to tell when the asker is gone
	}
}
