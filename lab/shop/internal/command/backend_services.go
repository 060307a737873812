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

func cart(ctx context.Context, args []string, _ io.Writer) error {
	s := newStand("cart")
	c := services.Cart{Call: hop.NewCaller("cart", 10*time.Second)}
	s.flags.StringVar(&c.Version, "version", "v1", "version to answer as")
	s.flags.StringVar(&c.Rates, "rates", "http://rates.shop-data.svc.cluster.local:8080", "the rates' URL")
	if err := s.flags.Parse(args); err != nil {
		return err
	}
	c.Pod = s.pod
	return s.answerHTTP(ctx, c.Handler())
}

func notes(ctx context.Context, args []string, _ io.Writer) error {
	s := newStand("notes")
	n := services.Notes{Call: hop.NewCaller("notes", 10*time.Second)}
	s.flags.StringVar(&n.Cart, "cart", "http://cart.shop-core.svc.cluster.local:8080", "the cart's URL, to be refused by")
	if err := s.flags.Parse(args); err != nil {
		return err
	}
	n.Pod = s.pod
	return s.answerHTTP(ctx, n.Handler())
}

func rates(ctx context.Context, args []string, _ io.Writer) error {
	s := newStand("rates")
	r := services.Rates{Call: hop.NewCaller("rates", 8*time.Second)}
	s.flags.DurationVar(&r.Think, "think", 0, "time that it takes to find a rate")
	s.flags.StringVar(&r.Outside, "outside", "http://outside.example", "the outside world's URL")
	if err := s.flags.Parse(args); err != nil {
		return err
	}
	r.Pod = s.pod
	return s.answerHTTP(ctx, r.Handler())
}

func outside(ctx context.Context, args []string, _ io.Writer) error {
	s := newStand("outside")
	if err := s.flags.Parse(args); err != nil {
		return err
	}
	return s.answerHTTP(ctx, services.Outside{Pod: s.pod}.Handler())
}

func catalogue(ctx context.Context, args []string, _ io.Writer) error {
	s := newStand("catalog")
	if err := s.flags.Parse(args); err != nil {
		return err
	}
	c := &catalog.Server{Pod: s.pod, Beat: time.Second}
	return s.answer(ctx, func(ctx context.Context, ln net.Listener) error { return c.Serve(ctx, ln, s.grace) })
}

func book(ctx context.Context, args []string, _ io.Writer) error {
	s := newStand("ledger")
	if err := s.flags.Parse(args); err != nil {
		return err
	}
	l := &ledger.Server{Pod: s.pod}
	return s.answer(ctx, func(ctx context.Context, ln net.Listener) error { return l.Serve(ctx, ln, s.grace) })
}
