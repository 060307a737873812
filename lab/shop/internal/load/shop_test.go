// SPDX-License-Identifier: Apache-2.0

package load_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/rerig/rerig/lab/shop/internal/catalog"
	"github.com/rerig/rerig/lab/shop/internal/hop"
	"github.com/rerig/rerig/lab/shop/internal/ledger"
	"github.com/rerig/rerig/lab/shop/internal/load"
	"github.com/rerig/rerig/lab/shop/internal/services"
)

// testShop runs every service of the shop on loopback. Fakes replace the mesh: the gateway checks
// the token, the egress gateway adds its header, cart denies notes, and plain text is dropped.
type testShop struct {
	cart, rates, outside *httptest.Server
	stopLedger           func()
	target               load.Target
}

func startShop(t *testing.T) *testShop {
	s := &testShop{outside: server(t, withEgressHeader(services.Outside{Pod: "outside-a"}.Handler()))}
	s.rates = server(t, services.Rates{Pod: "rates-a", Call: caller("rates"), Outside: s.outside.URL}.Handler())
	s.cart = server(t, services.Cart{Pod: "cart-a", Version: "v2", Call: caller("cart"), Rates: s.rates.URL}.Handler())
	denying := server(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "RBAC: access denied", http.StatusForbidden)
	}))
	notes := server(t, services.Notes{Pod: "notes-a", Call: caller("notes"), Cart: denying.URL}.Handler())
	catalogServer := &catalog.Server{Pod: "catalog-a", Interval: time.Second}
	client, err := catalog.Dial(listen(t, catalogServer.Serve), load.CatalogHost)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	ctx, stopLedger := context.WithCancel(t.Context())
	ledgerServer := &ledger.Server{Pod: "ledger-0"}
	address := listen(t, func(_ context.Context, ln net.Listener, grace time.Duration) error {
		return ledgerServer.Serve(ctx, ln, grace)
	})
	web := services.Web{Pod: "web-a", Call: caller("web"), Cart: s.cart.URL, Notes: notes.URL, Rates: s.rates.URL,
		Find: client.Find, Interval: time.Second, Stopping: t.Context().Done(),
		Balance: func(ctx context.Context) (string, error) {
			pod, _, err := ledger.AddOnce(ctx, address, 1, 2)
			return pod, err
		}}
	s.stopLedger = stopLedger
	s.target = load.Target{HTTP: server(t, gateway(web.Handler())).URL, TCP: address, Plain: droppingServer(t),
		Catalog: client, Call: caller("load"), Forged: "forged", Token: func() (string, error) { return "good", nil }}
	return s
}

func caller(from string) hop.Caller { return hop.NewCaller(from, 2*time.Second) }

func server(t *testing.T, h http.Handler) *httptest.Server {
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s
}

func listen(t *testing.T, serve func(context.Context, net.Listener, time.Duration) error) string {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = serve(t.Context(), ln, time.Second) }() // ends with the test
	return ln.Addr().String()
}

func withEgressHeader(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Header.Set(services.EgressHeader, "yes")
		next.ServeHTTP(w, r)
	})
}

func gateway(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch bearer := r.Header.Get("Authorization"); {
		case r.Host != load.WebHost:
			http.NotFound(w, r)
		case bearer == "Bearer good":
			r.Header.Set(services.UserHeader, "ada")
			next.ServeHTTP(w, r)
		case bearer != "":
			http.Error(w, "Jwt verification fails", http.StatusUnauthorized)
		case r.URL.Path == "/account":
			http.Error(w, "RBAC: access denied", http.StatusForbidden)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// droppingServer accepts connections and closes them.
func droppingServer(t *testing.T) string {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() })
	go func() {
		for conn, err := ln.Accept(); err == nil; conn, err = ln.Accept() {
			_ = conn.Close()
		}
	}()
	return "http://" + ln.Addr().String()
}
