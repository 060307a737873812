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

// serviceFlags is what all services have in common: where they listen, who they are, and how they leave.
type serviceFlags struct {
	flags         *flag.FlagSet
	listen, ready string
	pod           string
	grace         time.Duration
}

func newServiceFlags(name string) *serviceFlags {
	f := &serviceFlags{flags: flag.NewFlagSet("shop "+name, flag.ContinueOnError)}
	host, _ := os.Hostname() // a pod's own name; an empty one only makes answers less telling
	f.flags.StringVar(&f.listen, "listen", ":8080", "address to answer on")
	f.flags.StringVar(&f.ready, "ready", ":8081", "address of the readiness probe; empty for none")
	f.flags.StringVar(&f.pod, "pod", host, "name to answer in")
	f.flags.DurationVar(&f.grace, "grace", 5*time.Second, "time to finish what is under way when told to leave; 0 drops it")
	return f
}

// serveHTTP stands until the context ends.
func (f *serviceFlags) serveHTTP(ctx context.Context, h http.Handler) error {
	return f.serve(ctx, func(ctx context.Context, ln net.Listener) error {
		return serve.HTTP(ctx, ln, h, f.grace)
	})
}

// serve listens, and only then says that it is ready.
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
