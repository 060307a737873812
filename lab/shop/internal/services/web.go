// SPDX-License-Identifier: Apache-2.0

// Package services contains the HTTP services of the shop.
package services

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/rerig/rerig/lab/shop/internal/hop"
)

// Headers of requests within the shop.
const (
	// VersionHeader selects the version of cart. The mesh routes by it.
	VersionHeader = "X-Shop-Version"
	// UserHeader is set by the gateway from the verified token.
	UserHeader = "X-Shop-User"
)

// Web is the entry point. Each of its paths calls other services.
type Web struct {
	Pod                string
	Call               hop.Caller
	Cart, Notes, Rates string // base URLs
	Find               func(ctx context.Context, item string) (string, error)
	Balance            func(ctx context.Context) (string, error)
	// Interval is the time between two lines of the stream, which ends when Stopping is closed.
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

// call is one hop to another service.
type call func(*http.Request) (hop.Answer, error)

// answerFrom makes the calls in order and returns all answers.
func (web Web) answerFrom(calls ...call) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		a := hop.Answer{Service: "web", Pod: web.Pod}
		for _, call := range calls {
			next, err := call(r)
			if err != nil {
				hop.Reply(w, hop.Answer{}, err)
				return
			}
			a.Calls = append(a.Calls, next)
		}
		hop.Reply(w, a, nil)
	}
}

// account returns the user name that the gateway read from the token.
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
	text, err := web.Find(r.Context(), "lamp")
	if err != nil {
		return hop.Answer{}, hop.NewFailure("web", "catalog", err)
	}
	return hop.Answer{Service: "catalog", Text: text}, nil
}

func (web Web) ledger(r *http.Request) (hop.Answer, error) {
	pod, err := web.Balance(r.Context())
	if err != nil {
		return hop.Answer{}, hop.NewFailure("web", "ledger", err)
	}
	return hop.Answer{Service: "ledger", Pod: pod}, nil
}

// forwardedHeaders returns the headers that are passed to the next service: the selected version.
func forwardedHeaders(r *http.Request) http.Header {
	if v := r.Header.Get(VersionHeader); v != "" {
		return http.Header{VersionHeader: {v}}
	}
	return nil
}

// stream sends a line per interval until the caller or the service ends it.
func (web Web) stream(w http.ResponseWriter, r *http.Request) {
	ticker := time.NewTicker(web.Interval)
	defer ticker.Stop()
	controller := http.NewResponseController(w)
	for {
		if _, err := fmt.Fprintf(w, "%s is alive\n", web.Pod); err != nil {
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
			// An abrupt end shows the caller that the stream was cut.
			panic(http.ErrAbortHandler)
		}
	}
}
