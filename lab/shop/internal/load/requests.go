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

// get requests a path of web. version selects the version of cart if it is not empty.
func (t Target) get(path, version string) func(context.Context) (hop.Answer, error) {
	return func(ctx context.Context) (hop.Answer, error) {
		header := map[string]string{}
		if version != "" {
			header[services.VersionHeader] = version
		}
		return t.web(ctx, path, header)
	}
}

// account must be answered with the name in the token, which only the gateway can read.
func (t Target) account(ctx context.Context) (hop.Answer, error) {
	bearer, err := t.Token()
	if err != nil {
		return hop.Answer{}, hop.NewFailure("load", "token", err)
	}
	a, err := t.web(ctx, "/account", map[string]string{"Authorization": "Bearer " + bearer})
	if err == nil && a.Text != "account of "+token.Subject {
		err = hop.NewWrongAnswer("ingress", "web", "answered %q for the token of %s", a.Text, token.Subject)
	}
	return a, err
}

// route must be answered by the version of cart that the header selects.
func (t Target) route(ctx context.Context) (hop.Answer, error) {
	a, err := t.get("/cart", "v2")(ctx)
	if err != nil {
		return a, err
	}
	by := "none"
	a.Walk(func(a hop.Answer) {
		if a.Service == "cart" {
			by = a.Version
		}
	})
	if by != "v2" {
		return a, hop.NewWrongAnswer("web", "cart", "selected v2, answered by %s", by)
	}
	return a, nil
}

// findCatalog calls the catalog through the gateway over gRPC.
func (t Target) findCatalog(ctx context.Context) (hop.Answer, error) {
	text, err := t.Catalog.Find(ctx, "lamp")
	if err != nil {
		return hop.Answer{}, grpcFailure(err)
	}
	return hop.Answer{Service: "catalog", Text: text}, nil
}

// grpcFailure returns the failed hop of a gRPC call: behind the gateway if there is a status from
// there, else at the gateway.
func grpcFailure(err error) error {
	s := status.Convert(err)
	if s.Code() == codes.DeadlineExceeded || isDialError(s.Message()) {
		return hop.NewFailure("load", "ingress", err)
	}
	return hop.NewFailure("ingress", "catalog", err)
}

// addLedger calls the ledger through the gateway: one connection, one request, one answer.
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
