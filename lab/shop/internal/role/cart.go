// SPDX-License-Identifier: Apache-2.0

package role

import (
	"net/http"

	"github.com/rerig/rerig/lab/shop/internal/hop"
)

// Cart stands in two versions; for a price it asks for the rates.
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
	a.Asked = []hop.Answer{rate}
	hop.Reply(w, a, err)
}
