// SPDX-License-Identifier: Apache-2.0

package load_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/rerig/rerig/lab/shop/internal/hop"
	"github.com/rerig/rerig/lab/shop/internal/load"
)

// failedHops sends each kind once and returns the failed hops by kind.
func failedHops(t *testing.T, target load.Target) map[string]string {
	t.Helper()
	hops := map[string]string{}
	for _, k := range load.Kinds(target) {
		if _, err := k.Ask(t.Context()); err != nil {
			var f *hop.Failure
			if !errors.As(err, &f) {
				t.Errorf("%s: got error %v, want a hop.Failure", k.Name, err)
				continue
			}
			hops[k.Name] = f.Hop()
		}
	}
	return hops
}

func TestHealthyShopPassesEveryKind(t *testing.T) {
	s := startShop(t)
	if err := load.CheckOnce(t.Context(), load.Kinds(s.target)); err != nil {
		t.Error(err)
	}
}

func TestFailureNamesThePlace(t *testing.T) {
	for _, c := range []struct {
		name   string
		damage func(*testShop)
		want   map[string]string
	}{
		{
			name: "rates gone", damage: func(s *testShop) { s.rates.Close() },
			want: map[string]string{"price": "cart -> rates", "egress": "web -> rates"},
		},
		{
			name: "cart gone", damage: func(s *testShop) { s.cart.Close() },
			want: map[string]string{"front": "web -> cart", "price": "web -> cart", "route": "web -> cart"},
		},
		{
			name: "outside gone", damage: func(s *testShop) { s.outside.Close() },
			want: map[string]string{"egress": "rates -> outside"},
		},
		{
			name: "ledger and its gateway port gone", damage: func(s *testShop) { s.stopLedger() },
			want: map[string]string{"balance": "web -> ledger", "tcp": "load -> ingress"},
		},
		{
			name:   "request without the egress gateway",
			damage: func(s *testShop) { s.outside.Config.Handler = http.NotFoundHandler() },
			want:   map[string]string{"egress": "rates -> outside"},
		},
		{
			name: "catalog gone", damage: func(s *testShop) { _ = s.target.Catalog.Close() },
			want: map[string]string{"catalog": "web -> catalog", "grpc": "ingress -> catalog"},
		},
		{
			name: "answer of the gateway", damage: func(s *testShop) { s.target.HTTP = s.rates.URL + "/nowhere" },
			want: map[string]string{
				"front": "ingress -> web", "price": "ingress -> web", "account": "ingress -> web", "route": "ingress -> web",
				"catalog": "ingress -> web", "balance": "ingress -> web", "egress": "ingress -> web", "stranger": "ingress -> web",
				"no-token": "load -> ingress", "forged-token": "load -> ingress",
			},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := startShop(t)
			c.damage(s)
			if diff := cmp.Diff(c.want, failedHops(t, s.target)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAllowedRequestIsWrongIfForbidden(t *testing.T) {
	s := startShop(t)
	open := server(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		hop.Reply(w, hop.Answer{Service: "cart", Version: "v1"}, nil)
	}))
	s.target.HTTP, s.target.Plain = open.URL, open.URL
	for _, k := range load.Kinds(s.target) {
		var f *hop.Failure
		_, err := k.Ask(t.Context())
		wrong := errors.As(err, &f) && f.Wrong
		if want := wrongWhenOpen[k.Name]; wrong != want {
			t.Errorf("%s: got %v, want wrong %t", k.Name, err, want)
		}
	}
}

// wrongWhenOpen are the kinds that answer wrongly if a gateway allows every request and routes to
// v1.
var wrongWhenOpen = map[string]bool{"account": true, "route": true, "no-token": true, "forged-token": true, "plain": true}

func TestPlainFailsWithoutListener(t *testing.T) {
	s := startShop(t)
	s.cart.Close()
	s.target.Plain = s.cart.URL
	for _, k := range load.Kinds(s.target) {
		if k.Name == "plain" {
			if _, err := k.Ask(t.Context()); err == nil {
				t.Error("got success without a listener, want a failure")
			}
		}
	}
}

func TestHeldConnectionEndsWithItsService(t *testing.T) {
	s := startShop(t)
	for _, h := range load.HeldConnections(s.target) {
		line, end, err := h.Open(t.Context())
		if err != nil {
			t.Fatalf("%s: open: got error %v, want none", h.Kind, err)
		}
		if err := line(t.Context()); err != nil {
			t.Errorf("%s: second line: got error %v", h.Kind, err)
		}
		if h.Place == "ledger" {
			s.stopLedger()
			if err := line(t.Context()); err == nil {
				t.Errorf("%s: got a line after the service stopped, want an error", h.Kind)
			}
		}
		end()
	}
}

func TestSelectKinds(t *testing.T) {
	kinds := load.Kinds(load.Target{})
	if got, err := load.SelectKinds(kinds, ""); err != nil || len(got) != len(kinds) {
		t.Errorf("no names: got %d kinds, %v, want all", len(got), err)
	}
	if got, err := load.SelectKinds(kinds, "tcp,front"); err != nil || len(got) != 2 || got[0].Name != "tcp" {
		t.Errorf("got %v, %v, want tcp and front", got, err)
	}
	if _, err := load.SelectKinds(kinds, "tcp,fornt"); err == nil {
		t.Error("unknown kind: got no error, want one")
	}
}

func TestWaitUntilHealthyNeedsConsecutiveRounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rounds := 0
		kind := load.Kind{Name: "late", Ask: func(context.Context) (hop.Answer, error) {
			if rounds++; rounds == 2 {
				return hop.Answer{}, errors.New("not yet")
			}
			return hop.Answer{}, nil
		}}
		var recorded []error
		err := load.WaitUntilHealthy(t.Context(), []load.Kind{kind}, 2, func(err error) { recorded = append(recorded, err) })
		if err != nil || rounds != 4 || len(recorded) != 4 || recorded[1] == nil {
			t.Errorf("got %d rounds, errors %v, %v, want success, failure, success, success", rounds, recorded, err)
		}
	})
}
