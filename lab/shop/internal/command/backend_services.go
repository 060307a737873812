// SPDX-License-Identifier: Apache-2.0

package command

import (
	"context"
	"io"
	"net"
	"time"

	"github.com/rerig/rerig/lab/shop/internal/catalog"
	"github.com/rerig/rerig/lab/shop/internal/hop"
	"github.com/rerig/rerig/lab/shop/internal/ledger"
	"github.com/rerig/rerig/lab/shop/internal/services"
)

func serveCart(ctx context.Context, args []string, _ io.Writer) error {
	f := newServiceFlags("cart")
	c := services.Cart{Call: hop.NewCaller("cart", 10*time.Second)}
	f.flags.StringVar(&c.Version, "version", "v1", "version in the answers")
	f.flags.StringVar(&c.Rates, "rates", "http://rates.shop-data.svc.cluster.local:8080", "URL of rates")
	if err := f.flags.Parse(args); err != nil {
		return err
	}
	c.Pod = f.pod
	return f.serveHTTP(ctx, c.Handler())
}

func serveNotes(ctx context.Context, args []string, _ io.Writer) error {
	f := newServiceFlags("notes")
	n := services.Notes{Call: hop.NewCaller("notes", 10*time.Second)}
	f.flags.StringVar(&n.Cart, "cart", "http://cart.shop-core.svc.cluster.local:8080", "URL of cart, which must refuse the request")
	if err := f.flags.Parse(args); err != nil {
		return err
	}
	n.Pod = f.pod
	return f.serveHTTP(ctx, n.Handler())
}

func serveRates(ctx context.Context, args []string, _ io.Writer) error {
	f := newServiceFlags("rates")
	r := services.Rates{Call: hop.NewCaller("rates", 8*time.Second)}
	f.flags.DurationVar(&r.Delay, "think", 0, "delay of each answer")
	f.flags.StringVar(&r.Outside, "outside", "http://outside.example", "URL of the external service")
	if err := f.flags.Parse(args); err != nil {
		return err
	}
	r.Pod = f.pod
	return f.serveHTTP(ctx, r.Handler())
}

func serveOutside(ctx context.Context, args []string, _ io.Writer) error {
	f := newServiceFlags("outside")
	if err := f.flags.Parse(args); err != nil {
		return err
	}
	return f.serveHTTP(ctx, services.Outside{Pod: f.pod}.Handler())
}

func serveCatalog(ctx context.Context, args []string, _ io.Writer) error {
	f := newServiceFlags("catalog")
	if err := f.flags.Parse(args); err != nil {
		return err
	}
	c := &catalog.Server{Pod: f.pod, Interval: time.Second}
	return f.serve(ctx, func(ctx context.Context, ln net.Listener) error { return c.Serve(ctx, ln, f.grace) })
}

func serveLedger(ctx context.Context, args []string, _ io.Writer) error {
	f := newServiceFlags("ledger")
	if err := f.flags.Parse(args); err != nil {
		return err
	}
	l := &ledger.Server{Pod: f.pod}
	return f.serve(ctx, func(ctx context.Context, ln net.Listener) error { return l.Serve(ctx, ln, f.grace) })
}
