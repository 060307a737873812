// SPDX-License-Identifier: Apache-2.0

package role

import (
	"net/http"
	"strings"

	"github.com/rerig/rerig/lab/shop/internal/hop"
)

// Notes is on every node. It has no business with the cart, and tries it when asked to: the mesh must refuse.
type Notes struct {
	Pod  string
	Call hop.Caller
	Cart string
}

// Handler routes the paths.
func (n Notes) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) { hop.Reply(w, n.says("noted"), nil) })
	mux.HandleFunc("GET /try-cart", n.tryCart)
	return mux
}

func (n Notes) says(what string) hop.Answer {
	return hop.Answer{Service: "notes", Pod: n.Pod, Says: what}
}

func (n Notes) tryCart(w http.ResponseWriter, r *http.Request) {
	resp, body, err := n.Call.Do(r.Context(), "cart", n.Cart+"/", "", nil)
	if err == nil && resp.StatusCode != http.StatusForbidden {
		err = &hop.Failure{From: "notes", To: "cart", Wrong: resp.StatusCode == http.StatusOK,
			What: "wanted 403, got " + resp.Status + ": " + strings.TrimSpace(string(body))}
	}
	hop.Reply(w, n.says("refused"), err)
}
