// SPDX-License-Identifier: Apache-2.0

// Package load asks the shop for all that it can do, at a steady rate, from outside of the mesh, and counts every
// request that was not answered as it should have been, with its time and place.
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
	// Way is how it goes, for people.
	Path string
	// Weight is its share of the load.
	Weight int
	// Ask makes one request; an error is that it failed, and a *hop.Failure in it says where.
	Ask func(context.Context) (hop.Answer, error)
}

// SelectKinds are the kinds of those names, all of them when there are no names.
func SelectKinds(kinds []Kind, names string) ([]Kind, error) {
	if names == "" {
		return kinds, nil
	}
	var chosen []Kind
	for name := range strings.SplitSeq(names, ",") {
		i := slices.IndexFunc(kinds, func(k Kind) bool { return k.Name == name })
		if i < 0 {
			return nil, fmt.Errorf("choose kinds of requests: there is no kind %q", name)
		}
		chosen = append(chosen, kinds[i])
	}
	return chosen, nil
}

// Kinds is everything that is asked of a shop.
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
		{"no-token", "load -> ingress, must be refused: no token", 1, t.refused("", 403)},
		{"forged-token", "load -> ingress, must be refused: a token of somebody else", 1, t.refused(t.Forged, 401)},
		{"stranger", "load -> ingress -> web -> notes -> cart, must be refused: not the cart's caller", 2, t.get("/stranger", "")},
		{"plain", "load -> cart, must be refused: no mTLS", 1, t.plain},
	}
}
