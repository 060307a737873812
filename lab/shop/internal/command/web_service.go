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

// webTimeout bounds web's requests to other services. The timeouts of cart, notes and rates are
// shorter.
const webTimeout = 12 * time.Second

func serveWeb(ctx context.Context, args []string, _ io.Writer) error {
	f := newServiceFlags("web")
	w := services.Web{Call: hop.NewCaller("web", webTimeout), Interval: time.Second, Stopping: ctx.Done()}
	f.flags.StringVar(&w.Cart, "cart", "http://cart.shop-core.svc.cluster.local:8080", "URL of cart")
	f.flags.StringVar(&w.Notes, "notes", "http://notes.shop-core.svc.cluster.local:8080", "URL of notes")
	f.flags.StringVar(&w.Rates, "rates", "http://rates.shop-data.svc.cluster.local:8080", "URL of rates")
	catalogAddress := f.flags.String("catalog", "catalog.shop-core.svc.cluster.local:8080", "gRPC address of catalog")
	ledgerAddress := f.flags.String("ledger", "ledger.shop-data.svc.cluster.local:9000", "TCP address of ledger")
	if err := f.flags.Parse(args); err != nil {
		return err
	}
	client, err := catalog.Dial(*catalogAddress, "")
	if err != nil {
		return err
	}
	defer client.Close()
	w.Pod, w.Find, w.Balance = f.pod, withTimeout(client.Find), ledgerBalance(*ledgerAddress)
	return f.serveHTTP(ctx, w.Handler())
}

// withTimeout bounds a call of the catalog by webTimeout.
func withTimeout(find func(context.Context, string) (string, error)) func(context.Context, string) (string, error) {
	return func(ctx context.Context, item string) (string, error) {
		ctx, cancel := context.WithTimeout(ctx, webTimeout)
		defer cancel()
		return find(ctx, item)
	}
}

// ledgerBalance returns a call of the ledger over a new connection.
func ledgerBalance(address string) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		ctx, cancel := context.WithTimeout(ctx, webTimeout)
		defer cancel()
		pod, _, err := ledger.AddOnce(ctx, address, 20, 22)
		return pod, err
	}
}
