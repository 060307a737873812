// SPDX-License-Identifier: Apache-2.0

package services

import (
	"net/http"
	"strings"
	"time"

	"github.com/rerig/rerig/lab/shop/internal/hop"
)

// Cart runs in two versions. It calls rates for a price.
type Cart struct {
	Pod, Version string
	Call         hop.Caller
	Rates        string
}

// Handler routes the paths.
func (c Cart) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) { hop.Reply(w, c.self(), nil) })
	mux.HandleFunc("GET /price", c.price)
	return mux
}

func (c Cart) self() hop.Answer {
	return hop.Answer{Service: "cart", Version: c.Version, Pod: c.Pod}
}

func (c Cart) price(w http.ResponseWriter, r *http.Request) {
	rate, err := c.Call.Get(r.Context(), "rates", c.Rates+"/", "", nil)
	a := c.self()
	a.Calls = []hop.Answer{rate}
	hop.Reply(w, a, err)
}

// Notes runs on every node. On request it calls cart, which the mesh must deny.
type Notes struct {
	Pod  string
	Call hop.Caller
	Cart string
}

// Handler routes the paths.
func (n Notes) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) { hop.Reply(w, n.answer("noted"), nil) })
	mux.HandleFunc("GET /try-cart", n.tryCart)
	return mux
}

func (n Notes) answer(what string) hop.Answer {
	return hop.Answer{Service: "notes", Pod: n.Pod, Text: what}
}

func (n Notes) tryCart(w http.ResponseWriter, r *http.Request) {
	resp, body, err := n.Call.Do(r.Context(), "cart", n.Cart+"/", "", nil)
	if err == nil && resp.StatusCode != http.StatusForbidden {
		err = &hop.Failure{From: "notes", To: "cart", Wrong: resp.StatusCode == http.StatusOK,
			What: "want 403, got " + resp.Status + ": " + strings.TrimSpace(string(body))}
	}
	hop.Reply(w, n.answer("refused"), err)
}

// Rates returns a rate, and calls the external service on request.
type Rates struct {
	Pod     string
	Call    hop.Caller
	Outside string
	// Delay is the time until an answer. Requests in flight are lost when rates stops, because it
	// does not drain.
	Delay time.Duration
}

// Handler routes the paths.
func (s Rates) Handler() http.Handler {
	mux := http.NewServeMux()
	self := hop.Answer{Service: "rates", Pod: s.Pod, Text: "1.17"}
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		time.Sleep(s.Delay)
		hop.Reply(w, self, nil)
	})
	mux.HandleFunc("GET /outside", func(w http.ResponseWriter, r *http.Request) {
		answer, err := s.Call.Get(r.Context(), "outside", s.Outside+"/", "", nil)
		a := self
		a.Calls = []hop.Answer{answer}
		hop.Reply(w, a, err)
	})
	return mux
}

// EgressHeader is set by the route of the egress gateway.
const EgressHeader = "X-Shop-Egress"

// Outside is the external service. It accepts only requests that passed the egress gateway.
type Outside struct{ Pod string }

// Handler answers every path.
func (o Outside) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get(EgressHeader) == "" {
			hop.Reply(w, hop.Answer{}, hop.NewWrongAnswer("rates", "outside", "did not pass the egress gateway"))
			return
		}
		hop.Reply(w, hop.Answer{Service: "outside", Pod: o.Pod}, nil)
	})
}
