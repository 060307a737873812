// SPDX-License-Identifier: Apache-2.0

// Package services is what each HTTP service of the shop answers, and whom it asks for that.
package services

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/rerig/rerig/lab/shop/internal/hop"
)

// Headers that a request carries through the shop.
const (
	// VersionHeader picks the version of the cart that answers; the mesh routes by it.
	VersionHeader = "X-Shop-Version"
	// UserHeader is set by the gateway, from the token that it checked.
	UserHeader = "X-Shop-User"
)

// Web is the front door: every path of it asks other services in another way.
type Web struct {
	Pod                string
	Call               hop.Caller
	Cart, Notes, Rates string // base URLs
	Find               func(ctx context.Context, item string) (string, error)
	Balance            func(ctx context.Context) (string, error)
	// Beat is the time between two lines of the held stream, which ends with Going.
	Interval time.Duration
	Stopping <-chan struct{}
}

// Handler routes the paths.
func (web Web) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", web.answerFrom(web.cart("/"), web.notes("/")))
	mux.HandleFunc("GET /cart", web.answerFrom(web.cart("/")))
	mux.HandleFunc("GET /price", web.answerFrom(web.cart("/price")))
	mux.HandleFunc("GET /catalog", web.answerFrom(web.catalog))
	mux.HandleFunc("GET /balance", web.answerFrom(web.ledger))
	mux.HandleFunc("GET /outside", web.answerFrom(web.outside))
	mux.HandleFunc("GET /stranger", web.answerFrom(web.notes("/try-cart")))
	mux.HandleFunc("GET /account", web.account)
	mux.HandleFunc("GET /stream", web.stream)
	return mux
}

// call is one step to a next service.
type call func(*http.Request) (hop.Answer, error)

// answerFrom asks in turn and answers with all that was said.
func (web Web) answerFrom(asks ...call) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		a := hop.Answer{Service: "web", Pod: web.Pod}
		for _, ask := range asks {
			next, err := ask(r)
			if err != nil {
				hop.Reply(w, hop.Answer{}, err)
				return
			}
			a.Asked = append(a.Asked, next)
		}
		hop.Reply(w, a, nil)
	}
}

// account tells the bearer of a token who the gateway says that they are.
func (web Web) account(w http.ResponseWriter, r *http.Request) {
	hop.Reply(w, hop.Answer{Service: "web", Pod: web.Pod, Text: "account of " + r.Header.Get(UserHeader)}, nil)
}

func (web Web) cart(path string) call {
	return func(r *http.Request) (hop.Answer, error) {
		return web.Call.Get(r.Context(), "cart", web.Cart+path, "", forwardedHeaders(r))
	}
}

func (web Web) notes(path string) call {
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
		return hop.Answer{}, hop.NewFailure("web", "catalog", err)
	}
	return hop.Answer{Service: "catalog", Text: says}, nil
}

func (web Web) ledger(r *http.Request) (hop.Answer, error) {
	pod, err := web.Balance(r.Context())
	if err != nil {
		return hop.Answer{}, hop.NewFailure("web", "ledger", err)
	}
	return hop.Answer{Service: "ledger", Pod: pod}, nil
}

// forwardedHeaders is what a request hands to the next: the version that it asks for.
func forwardedHeaders(r *http.Request) http.Header {
	if v := r.Header.Get(VersionHeader); v != "" {
		return http.Header{VersionHeader: {v}}
	}
	return nil
}

// stream is a response that is held: a line at every beat, until the caller goes or the service does.
func (web Web) stream(w http.ResponseWriter, r *http.Request) {
	ticker := time.NewTicker(web.Interval)
	defer ticker.Stop()
	controller := http.NewResponseController(w)
	for {
		if _, err := fmt.Fprintf(w, "here is %s\n", web.Pod); err != nil {
			return
		}
		if err := controller.Flush(); err != nil {
			return
		}
		select {
		case <-ticker.C:
		case <-r.Context().Done():
			return
		case <-web.Stopping:
			// Ended in the middle, not properly: whoever holds the stream has to see that it was cut.
			panic(http.ErrAbortHandler)
		}
	}
}
