// SPDX-License-Identifier: Apache-2.0

package role

import (
	"net/http"

	"github.com/rerig/rerig/lab/shop/internal/hop"
)

func (web Web) cart(path string) asking {
	return func(r *http.Request) (hop.Answer, error) {
		return web.Call.Get(r.Context(), "cart", web.Cart+path, "", passOn(r))
	}
}

func (web Web) notes(path string) asking {
	return func(r *http.Request) (hop.Answer, error) {
		return web.Call.Get(r.Context(), "notes", web.Notes+path, "", nil)
	}
}

func (web Web) outside(r *http.Request) (hop.Answer, error) {
	return web.Call.Get(r.Context(), "rates", web.Rates+"/outside", "", nil)
}

func (web Web) catalog(r *http.Request) (hop.Answer, error) {
	says, err := web.Find(r.Context(), "lamp")
	if err != nil {
		return hop.Answer{}, hop.Failed("web", "catalog", err)
	}
	return hop.Answer{Service: "catalog", Says: says}, nil
}

func (web Web) ledger(r *http.Request) (hop.Answer, error) {
	pod, err := web.Balance(r.Context())
	if err != nil {
		return hop.Answer{}, hop.Failed("web", "ledger", err)
	}
	return hop.Answer{Service: "ledger", Pod: pod}, nil
}

// passOn is what a request hands to the next: the version that it asks for.
func passOn(r *http.Request) http.Header {
	if v := r.Header.Get(VersionHeader); v != "" {
		return http.Header{VersionHeader: {v}}
	}
	return nil
}
