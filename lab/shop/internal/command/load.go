// SPDX-License-Identifier: Apache-2.0

package command

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"

	"github.com/rerig/rerig/lab/shop/internal/catalog"
	"github.com/rerig/rerig/lab/shop/internal/hop"
	"github.com/rerig/rerig/lab/shop/internal/load"
	"github.com/rerig/rerig/lab/shop/internal/serve"
	"github.com/rerig/rerig/lab/shop/internal/token"
)

// loadFlags are the flags of `shop load`.
type loadFlags struct {
	http, grpc, tcp, plain string
	token, kinds, listen   string
	rate                   float64
	settle                 int
	once                   bool
}

func parseLoad(args []string) (f loadFlags, err error) {
	flags := flag.NewFlagSet("shop load", flag.ContinueOnError)
	flags.StringVar(&f.http, "http", "http://istio-ingressgateway.istio-system.svc.cluster.local", "URL of the ingress gateway")
	flags.StringVar(&f.grpc, "grpc", "istio-ingressgateway.istio-system.svc.cluster.local:80", "address of the ingress gateway for gRPC")
	flags.StringVar(&f.tcp, "tcp", "shop-ledger.istio-system.svc.cluster.local:9000", "address of the ingress gateway's TCP port")
	flags.StringVar(&f.plain, "plain", "http://cart.shop-core.svc.cluster.local:8080", "URL of cart, without the gateway")
	flags.StringVar(&f.token, "token", "/etc/shop/token", "file with a token that the gateway accepts")
	flags.StringVar(&f.kinds, "kinds", "", "comma-separated kinds of requests; empty for all")
	flags.StringVar(&f.listen, "listen", ":8080", "listen address of the report")
	flags.Float64Var(&f.rate, "rate", 50, "requests per second, all kinds together")
	flags.IntVar(&f.settle, "settle", 3, "number of consecutive rounds without a failure before counting starts")
	flags.BoolVar(&f.once, "once", false, "send one request of each kind and fail if any of them fails")
	if err := flags.Parse(args); err != nil {
		return f, err
	}
	if f.rate <= 0 {
		return f, fmt.Errorf("invalid --rate %g: use a number above 0", f.rate)
	}
	return f, nil
}

func (f loadFlags) target() (load.Target, error) {
	client, err := catalog.Dial(f.grpc, load.CatalogHost)
	if err != nil {
		return load.Target{}, err
	}
	foreignKey, err := token.New()
	if err != nil {
		return load.Target{}, err
	}
	forged, err := foreignKey.Token()
	return load.Target{
		HTTP: f.http, TCP: f.tcp, Plain: f.plain, Catalog: client, Forged: forged,
		Call: hop.NewCaller("load", load.RequestTimeout),
		Token: func() (string, error) {
			text, err := os.ReadFile(f.token)
			return strings.TrimSpace(string(text)), err
		},
	}, err
}

func runLoad(ctx context.Context, args []string, out io.Writer) error {
	f, err := parseLoad(args)
	if err != nil {
		return err
	}
	target, err := f.target()
	if err != nil {
		return err
	}
	kinds, err := load.SelectKinds(load.Kinds(target), f.kinds)
	if err != nil {
		return err
	}
	if f.once {
		if err := load.CheckOnce(ctx, kinds); err != nil {
			return err
		}
		_, err := fmt.Fprintf(out, "all %d kinds of requests succeeded\n", len(kinds))
		return err
	}
	ln, err := net.Listen("tcp", f.listen)
	if err != nil {
		return fmt.Errorf("listen on the address of the report: %w", err)
	}
	tally := load.NewTally(time.Now, kinds)
	state := &readiness{}
	err = serve.RunAll(ctx,
		func(ctx context.Context) error {
			return serve.HTTP(ctx, ln, load.Handler(tally, state.err), time.Second)
		},
		func(ctx context.Context) error { return state.run(ctx, f, kinds, load.HeldConnections(target), tally) },
	)
	return firstError(err, tally.Report().Text(out))
}

func firstError(first, second error) error {
	if first != nil {
		return first
	}
	return second
}
