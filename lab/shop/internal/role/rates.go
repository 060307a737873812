// SPDX-License-Identifier: Apache-2.0

package role

import (
	"net/http"
	"time"

	"github.com/rerig/rerig/lab/shop/internal/hop"
)

// Rates knows the rates, and asks the outside world for those that it doesn't.
type Rates struct {
	Pod     string
	Call    hop.Caller
	Outside string
	// Think is how long it takes to find a rate: what is under way when it leaves is lost, since it doesn't drain.
	Think time.Duration
}

// Handler routes the paths.
func (s Rates) Handler() http.Handler {
	mux := http.NewServeMux()
	self := hop.Answer{Service: "rates", Pod: s.Pod, Says: "1.17"}
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		time.Sleep(s.Think)
		hop.Reply(w, self, nil)
	})
	mux.HandleFunc("GET /outside", func(w http.ResponseWriter, r *http.Request) {
		far, err := s.Call.Get(r.Context(), "outside", s.Outside+"/", "", nil)
		a := self
		a.Asked = []hop.Answer{far}
		hop.Reply(w, a, err)
	})
	return mux
}
