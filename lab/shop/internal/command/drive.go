// SPDX-License-Identifier: Apache-2.0

package command

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"github.com/rerig/rerig/lab/shop/internal/load"
	"github.com/rerig/rerig/lab/shop/internal/serve"
)

// runDrive generates load from within the mesh on services that do not drain, or from outside of it
// on a gateway. Its report has the format of `shop load`.
func runDrive(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("shop drive", flag.ContinueOnError)
	namespace := flags.String("namespace", "undrained", "namespace of the services")
	rate := flags.Float64("rate", 200, "requests per second, all kinds together")
	gateway := flags.String("gateway", "", "host of a gateway's Service; with it, the load is on the gateway")
	pods := flags.String("gateway-pods", "", "host of a headless Service of the gateway's pods")
	apiGateway := flags.String("api-gateway", "", "the same for a Gateway of the Gateway API, which routes HTTP alone")
	apiPods := flags.String("api-gateway-pods", "", "the same for its pods")
	listen := flags.String("listen", ":8080", "listen address of the report")
	if err := flags.Parse(args); err != nil {
		return err
	}
	kinds, err := load.UndrainedKinds(*namespace)
	if err != nil {
		return err
	}
	var held []load.HeldConnection
	var follow []func(context.Context)
	for _, g := range []load.Gateway{
		{Address: *gateway, Pods: lateEndpoints(*pods, "8080"), TCP: true},
		{Name: "api-", Address: *apiGateway, Pods: lateEndpoints(*apiPods, "80")},
	} {
		if g.Address == "" {
			continue
		}
		if len(follow) == 0 {
			kinds = nil
		}
		kinds, held, follow = append(kinds, g.Kinds()...), append(held, g.HeldConnections()...), append(follow, g.Pods.Follow)
	}
	ln, err := net.Listen("tcp", *listen)
	if err != nil {
		return fmt.Errorf("listen on the address of the report: %w", err)
	}
	tally, state := load.NewTally(time.Now, kinds), &readiness{}
	err = serve.RunAll(ctx,
		func(ctx context.Context) error {
			return serve.HTTP(ctx, ln, load.Handler(tally, state.err), time.Second)
		},
		func(ctx context.Context) error {
			return state.run(ctx, loadFlags{rate: *rate, settle: 3}, kinds, held, tally)
		},
		func(ctx context.Context) error {
			var all sync.WaitGroup
			for _, f := range follow {
				all.Go(func() { f(ctx) })
			}
			all.Wait()
			return nil
		},
	)
	return firstError(err, tally.Report().Text(out))
}

// lateEndpoints are the addresses behind a host as they were 10 s ago.
func lateEndpoints(host, port string) *load.LaggingEndpoints {
	return &load.LaggingEndpoints{Lag: 10 * time.Second, Port: port, Lookup: func(ctx context.Context) ([]string, error) {
		return net.DefaultResolver.LookupHost(ctx, host)
	}}
}
