// SPDX-License-Identifier: Apache-2.0

package hop_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rerig/rerig/lab/shop/internal/hop"
)

func TestGetReturnsDeepestFailure(t *testing.T) {
	proxy := func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "upstream connect error", http.StatusServiceUnavailable)
	}
	slow := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	notAnAnswer := func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) }
	wronglyAllowed := func(w http.ResponseWriter, _ *http.Request) {
		hop.Reply(w, hop.Answer{}, hop.NewWrongAnswer("notes", "cart", "allowed"))
	}
	for _, c := range []struct {
		name string
		last http.HandlerFunc
		want hop.Failure
	}{
		{
			name: "answer of a proxy", last: proxy,
			want: hop.Failure{From: "cart", To: "rates", What: "503 Service Unavailable: upstream connect error"},
		},
		{
			name: "timeout", last: slow,
			want: hop.Failure{From: "cart", To: "rates", What: "deadline"},
		},
		{
			name: "unknown body", last: notAnAnswer,
			want: hop.Failure{From: "cart", To: "rates", What: "answered 200 with an unknown body: \"<html>\"", Wrong: true},
		},
		{
			name: "failure of a later hop", last: wronglyAllowed,
			want: hop.Failure{From: "notes", To: "cart", What: "allowed", Wrong: true},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			last := httptest.NewServer(c.last)
			defer last.Close()
			middle := httptest.NewServer(askingHandler("cart", "rates", last.URL, 100*time.Millisecond))
			defer middle.Close()
			_, err := hop.NewCaller("web", time.Second).Get(context.Background(), "cart", middle.URL, "", nil)
			var got *hop.Failure
			if !errors.As(err, &got) {
				t.Fatalf("got %v, want a failure", err)
			}
			if c.want.What == "deadline" { // Go's text contains a port
				got.What = "deadline"
			}
			if diff := cmp.Diff(&c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestGetReturnsAnswer(t *testing.T) {
	last := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		hop.Reply(w, hop.Answer{Service: "rates", Pod: r.Host}, nil)
	}))
	defer last.Close()
	got, err := hop.NewCaller("cart", time.Second).Get(context.Background(), "rates", last.URL, "rates.example", nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(hop.Answer{Service: "rates", Pod: "rates.example"}, got); diff != "" {
		t.Error(diff)
	}
}

func askingHandler(from, to, url string, timeout time.Duration) http.HandlerFunc {
	caller := hop.NewCaller(from, timeout)
	return func(w http.ResponseWriter, r *http.Request) {
		a, err := caller.Get(r.Context(), to, url, "", nil)
		hop.Reply(w, a, err)
	}
}
