// SPDX-License-Identifier: Apache-2.0

package services

import (
	"io"
	"net/http"
	"time"

	"golang.org/x/net/websocket"

	"github.com/rerig/rerig/lab/shop/internal/hop"
)

// Door is behind a gateway. It answers at once, late, or on a WebSocket.
type Door struct {
	Pod  string
	Late time.Duration // how long a late answer takes
}

// Handler routes the paths. Requests are POSTs, which no client repeats.
func (d Door) Handler() http.Handler {
	mux := http.NewServeMux()
	answer := hop.Answer{Service: "door", Pod: d.Pod}
	mux.HandleFunc("POST /{$}", func(w http.ResponseWriter, _ *http.Request) { hop.Reply(w, answer, nil) })
	mux.HandleFunc("POST /late", func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-time.After(d.Late):
			hop.Reply(w, answer, nil)
		case <-r.Context().Done():
		}
	})
	mux.Handle("GET /socket", websocket.Server{Handler: func(c *websocket.Conn) { _, _ = io.Copy(c, c) }})
	return mux
}
