// SPDX-License-Identifier: Apache-2.0

package load

import (
	"context"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/rerig/rerig/lab/shop/internal/hop"
	"github.com/rerig/rerig/lab/shop/internal/ledger"
	"github.com/rerig/rerig/lab/shop/internal/services"
	"github.com/rerig/rerig/lab/shop/internal/token"
)

// get asks the front door for a path, with the cart's version picked where one is given.
func (t Target) get(path, version string) func(context.Context) (hop.Answer, error) {
	return func(ctx context.Context) (hop.Answer, error) {
		header := map[string]string{}
		if version != "" {
			header[services.VersionHeader] = version
		}
		return t.web(ctx, path, header)
	}
}

// account must be answered with the name in the token, which only the gateway can have read out of it.
func (t Target) account(ctx context.Context) (hop.Answer, error) {
	bearer, err := t.Token()
	if err != nil {
		return hop.Answer{}, hop.NewFailure("load", "token", err)
	}
	a, err := t.web(ctx, "/account", map[string]string{"Authorization": "Bearer " + bearer})
	if err == nil && a.Text != "account of "+token.Subject {
		err = hop.NewWrongAnswer("ingress", "web", "answered %q to the token of %s", a.Text, token.Subject)
	}
	return a, err
}

// route must be answered by the version of the cart that the header picks.
func (t Target) route(ctx context.Context) (hop.Answer, error) {
	a, err := t.get("/cart", "v2")(ctx)
	if err != nil {
		return a, err
	}
	by := "nobody"
	a.Walk(func(a hop.Answer) {
		if a.Service == "cart" {
			by = a.Version
		}
	})
	if by != "v2" {
		return a, hop.NewWrongAnswer("web", "cart", "picked v2, was answered by %s", by)
	}
	return a, nil
}

// findCatalog asks the catalog through the gateway, over gRPC.
func (t Target) findCatalog(ctx context.Context) (hop.Answer, error) {
	says, err := t.Catalog.Find(ctx, "lamp")
	if err != nil {
		return hop.Answer{}, grpcFailure(err)
	}
	return hop.Answer{Service: "catalog", Text: says}, nil
}

// grpcFailure places a gRPC failure: one that has a status of its own from behind the gateway, or at the gateway.
func grpcFailure(err error) error {
	s := status.Convert(err)
	if s.Code() == codes.DeadlineExceeded || isDialError(s.Message()) {
		return hop.NewFailure("load", "ingress", err)
	}
	return hop.NewFailure("ingress", "catalog", err)
}

// addLedger asks the ledger through the gateway: one connection, one question, one answer.
func (t Target) addLedger(ctx context.Context) (hop.Answer, error) {
	pod, connected, err := ledger.AddOnce(ctx, t.TCP, 3, 4)
	switch {
	case err == nil:
		return hop.Answer{Service: "ledger", Pod: pod}, nil
	case connected:
		return hop.Answer{}, hop.NewFailure("ingress", "ledger", err)
	default:
		return hop.Answer{}, hop.NewFailure("load", "ingress", err)
	}
}
