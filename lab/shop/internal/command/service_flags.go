// SPDX-License-Identifier: Apache-2.0

package command

import (
	"context"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/rerig/rerig/lab/shop/internal/serve"
)

// serviceFlags are the flags that all services share.
type serviceFlags struct {
	flags         *flag.FlagSet
	listen, ready string
	pod           string
	grace         time.Duration
}

func newServiceFlags(name string) *serviceFlags {
	f := &serviceFlags{flags: flag.NewFlagSet("shop "+name, flag.ContinueOnError)}
	host, _ := os.Hostname() // the pod's name; empty is acceptable
	f.flags.StringVar(&f.listen, "listen", ":8080", "listen address")
	f.flags.StringVar(&f.ready, "ready", ":8081", "listen address of the readiness probe; empty for none")
	f.flags.StringVar(&f.pod, "pod", host, "pod name in the answers")
	f.flags.DurationVar(&f.grace, "grace", 5*time.Second, "time to complete requests after SIGTERM; 0 drops them")
	return f
}

// serveHTTP serves until ctx ends.
func (f *serviceFlags) serveHTTP(ctx context.Context, h http.Handler) error {
	return f.serve(ctx, func(ctx context.Context, ln net.Listener) error {
		return serve.HTTP(ctx, ln, h, f.grace)
	})
}

// serve listens for requests and then reports ready.
func (f *serviceFlags) serve(ctx context.Context, on func(context.Context, net.Listener) error) error {
	ln, err := net.Listen("tcp", f.listen)
	if err != nil {
		return fmt.Errorf("listen for requests: %w", err)
	}
	if f.ready == "" {
		return on(ctx, ln)
	}
	probe, err := net.Listen("tcp", f.ready)
	if err != nil {
		return fmt.Errorf("listen for probes: %w", err)
	}
	return serve.RunAll(ctx,
		func(ctx context.Context) error { return on(ctx, ln) },
		func(ctx context.Context) error {
			return serve.HTTP(ctx, probe, serve.ReadyHandler(serve.AlwaysReady), f.grace)
		},
	)
}
