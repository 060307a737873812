// SPDX-License-Identifier: Apache-2.0

// Package load sends every kind of request to the shop at a steady rate from outside of the mesh,
// and counts each request without the right answer, with its time and place.
package load

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/rerig/rerig/lab/shop/internal/hop"
)

// Kind is one kind of request.
type Kind struct {
	Name string
	// Path describes the services on its path for people.
	Path string
	// Weight is its share of the load.
	Weight int
	// Ask sends one request. An error means that it failed; a *hop.Failure in it tells where.
	Ask func(context.Context) (hop.Answer, error)
}

// SelectKinds returns the named kinds, or all if names is empty.
func SelectKinds(kinds []Kind, names string) ([]Kind, error) {
	if names == "" {
		return kinds, nil
	}
	var chosen []Kind
	for name := range strings.SplitSeq(names, ",") {
		i := slices.IndexFunc(kinds, func(k Kind) bool { return k.Name == name })
		if i < 0 {
			return nil, fmt.Errorf("unknown kind of request %q", name)
		}
		chosen = append(chosen, kinds[i])
	}
	return chosen, nil
}

// Kinds returns every kind of request that a shop can answer.
func Kinds(t Target) []Kind {
	return []Kind{
		{"front", "load -> ingress -> web -> cart, notes (HTTP)", 25, t.get("/", "")},
		{"price", "load -> ingress -> web -> cart -> rates (HTTP)", 12, t.get("/price", "")},
		{"account", "load -> ingress -> web, with a token (JWT)", 6, t.account},
		{"route", "load -> ingress -> web -> cart, version 2 by header", 6, t.route},
		{"catalog", "load -> ingress -> web -> catalog (gRPC in the mesh)", 10, t.get("/catalog", "")},
		{"balance", "load -> ingress -> web -> ledger (TCP in the mesh)", 10, t.get("/balance", "")},
		{"egress", "load -> ingress -> web -> rates -> egress -> outside", 6, t.get("/outside", "")},
		{"grpc", "load -> ingress -> catalog (gRPC)", 10, t.findCatalog},
		{"tcp", "load -> ingress -> ledger (TCP)", 10, t.addLedger},
		{"no-token", "load -> ingress, must be denied: no token", 1, t.refused("", 403)},
		{"forged-token", "load -> ingress, must be denied: token with another signature", 1, t.refused(t.Forged, 401)},
		{"stranger", "load -> ingress -> web -> notes -> cart, must be denied: notes may not call cart", 2, t.get("/stranger", "")},
		{"plain", "load -> cart, must be denied: no mTLS", 1, t.plain},
	}
}
