// SPDX-License-Identifier: Apache-2.0

package command

import (
	"context"
	"io"
	"time"

	"github.com/rerig/rerig/lab/shop/internal/catalog"
	"github.com/rerig/rerig/lab/shop/internal/hop"
	"github.com/rerig/rerig/lab/shop/internal/ledger"
	"github.com/rerig/rerig/lab/shop/internal/services"
)

// webPatience is how long web waits for a next service; cart, notes and rates wait for less.
const webPatience = 12 * time.Second

func web(ctx context.Context, args []string, _ io.Writer) error {
	s := newStand("web")
	w := services.Web{Call: hop.NewCaller("web", webPatience), Beat: time.Second, Going: ctx.Done()}
	s.flags.StringVar(&w.Cart, "cart", "http://cart.shop-core.svc.cluster.local:8080", "the cart's URL")
	s.flags.StringVar(&w.Notes, "notes", "http://notes.shop-core.svc.cluster.local:8080", "the notes' URL")
	s.flags.StringVar(&w.Rates, "rates", "http://rates.shop-data.svc.cluster.local:8080", "the rates' URL")
	find := s.flags.String("catalog", "catalog.shop-core.svc.cluster.local:8080", "the catalog's gRPC address")
	book := s.flags.String("ledger", "ledger.shop-data.svc.cluster.local:9000", "the ledger's TCP address")
	if err := s.flags.Parse(args); err != nil {
		return err
	}
	client, err := catalog.Dial(*find, "")
	if err != nil {
		return err
	}
	defer client.Close()
	w.Pod, w.Find, w.Balance = s.pod, patient(client.Find), balance(*book)
	return s.answerHTTP(ctx, w.Handler())
}

// patient gives a question of the catalog the time that web has.
func patient(find func(context.Context, string) (string, error)) func(context.Context, string) (string, error) {
	return func(ctx context.Context, item string) (string, error) {
		ctx, cancel := context.WithTimeout(ctx, webPatience)
		defer cancel()
		return find(ctx, item)
	}
}

// balance asks the ledger, over a connection of its own.
func balance(address string) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		ctx, cancel := context.WithTimeout(ctx, webPatience)
		defer cancel()
		pod, _, err := ledger.Once(ctx, address, 20, 22)
		return pod, err
	}
}
