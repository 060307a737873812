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
		{Name: "front", Weight: 25, Ask: t.get("/", ""), Path: "load -> ingress -> web -> cart, notes (HTTP)"},
		{Name: "price", Weight: 12, Ask: t.get("/price", ""), Path: "load -> ingress -> web -> cart -> rates (HTTP)"},
		{Name: "account", Weight: 6, Ask: t.account, Path: "load -> ingress -> web, with a token (JWT)"},
		{Name: "route", Weight: 6, Ask: t.route, Path: "load -> ingress -> web -> cart, version 2 by header"},
		{Name: "catalog", Weight: 10, Ask: t.get("/catalog", ""), Path: "load -> ingress -> web -> catalog (gRPC in the mesh)"},
		{Name: "balance", Weight: 10, Ask: t.get("/balance", ""), Path: "load -> ingress -> web -> ledger (TCP in the mesh)"},
		{Name: "egress", Weight: 6, Ask: t.get("/outside", ""), Path: "load -> ingress -> web -> rates -> egress -> outside"},
		{Name: "grpc", Weight: 10, Ask: t.findCatalog, Path: "load -> ingress -> catalog (gRPC)"},
		{Name: "tcp", Weight: 10, Ask: t.addLedger, Path: "load -> ingress -> ledger (TCP)"},
		{Name: "no-token", Weight: 1, Ask: t.refused("", 403), Path: "load -> ingress, must be denied: no token"},
		{Name: "forged-token", Weight: 1, Ask: t.refused(t.Forged, 401), Path: "load -> ingress, must be denied: token with another signature"},
		{
			Name: "stranger", Weight: 2, Ask: t.get("/stranger", ""),
			Path: "load -> ingress -> web -> notes -> cart, must be denied: notes may not call cart",
		},
		{Name: "plain", Weight: 1, Ask: t.plain, Path: "load -> cart, must be denied: no mTLS"},
	}
}
