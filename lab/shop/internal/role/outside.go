// SPDX-License-Identifier: Apache-2.0

package role

import (
	"net/http"

	"github.com/rerig/rerig/lab/shop/internal/hop"
)

// EgressHeader is set by the egress gateway's route: the mark of a request that left the mesh by it.
const EgressHeader = "X-Shop-Egress"

// Outside stands for the world beyond the mesh, which lets in only what comes by the egress gateway.
type Outside struct{ Pod string }

// Handler answers every path.
func (o Outside) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get(EgressHeader) == "" {
			hop.Reply(w, hop.Answer{}, hop.Wrong("rates", "outside", "did not come by the egress gateway"))
			return
		}
		hop.Reply(w, hop.Answer{Service: "outside", Pod: o.Pod}, nil)
	})
}
