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

// stand is what all services have in common: where they listen, who they are, and how they leave.
type stand struct {
	flags         *flag.FlagSet
	listen, ready string
	pod           string
	grace         time.Duration
}

func newStand(name string) *stand {
	s := &stand{flags: flag.NewFlagSet("shop "+name, flag.ContinueOnError)}
	host, _ := os.Hostname() // a pod's own name; an empty one only makes answers less telling
	s.flags.StringVar(&s.listen, "listen", ":8080", "address to answer on")
	s.flags.StringVar(&s.ready, "ready", ":8081", "address of the readiness probe; empty for none")
	s.flags.StringVar(&s.pod, "pod", host, "name to answer in")
	s.flags.DurationVar(&s.grace, "grace", 5*time.Second, "time to finish what is under way when told to leave; 0 drops it")
	return s
}

// answerHTTP stands until the context ends.
func (s *stand) answerHTTP(ctx context.Context, h http.Handler) error {
	return s.answer(ctx, func(ctx context.Context, ln net.Listener) error {
		return serve.HTTP(ctx, ln, h, s.grace)
	})
}

// answer listens, and only then says that it is ready.
func (s *stand) answer(ctx context.Context, on func(context.Context, net.Listener) error) error {
	ln, err := net.Listen("tcp", s.listen)
	if err != nil {
		return fmt.Errorf("listen for requests: %w", err)
	}
	if s.ready == "" {
		return on(ctx, ln)
	}
	probe, err := net.Listen("tcp", s.ready)
	if err != nil {
		return fmt.Errorf("listen for probes: %w", err)
	}
	return serve.All(ctx,
		func(ctx context.Context) error { return on(ctx, ln) },
		func(ctx context.Context) error { return serve.HTTP(ctx, probe, serve.Ready(serve.Always), s.grace) },
	)
}
