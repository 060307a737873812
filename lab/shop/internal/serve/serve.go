// SPDX-License-Identifier: Apache-2.0

// Package serve is how a service of the shop stands, and how it leaves.
package serve

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
)

// HTTP answers on the listener until the context ends. Then no connection is taken any more, and what is under
// way may finish for as long as the grace; with no grace everything is dropped at once.
func HTTP(ctx context.Context, ln net.Listener, handler http.Handler, grace time.Duration) error {
	srv := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	stopped := make(chan error, 1)
	go func() {
		<-ctx.Done()
		stopped <- shutdown(srv, grace)
	}()
	if err := srv.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve HTTP on %s: %w", ln.Addr(), err)
	}
	return <-stopped
}

func shutdown(srv *http.Server, grace time.Duration) error {
	if grace <= 0 {
		return srv.Close()
	}
	ctx, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	if err := srv.Shutdown(ctx); err != nil {
		return errors.Join(fmt.Errorf("finish what was under way within %s: %w", grace, err), srv.Close())
	}
	return nil
}

// RunAll runs the parts until the context ends or one of them fails, which ends the others, and waits for them all.
func RunAll(ctx context.Context, parts ...func(context.Context) error) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var wg sync.WaitGroup
	failed := make([]error, len(parts))
	for i, part := range parts {
		wg.Go(func() {
			if failed[i] = part(ctx); failed[i] != nil {
				stop()
			}
		})
	}
	wg.Wait()
	return errors.Join(failed...)
}

// ReadyHandler answers a readiness probe: 200 when the question comes back nil, else 503 and why.
func ReadyHandler(ready func() error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if err := ready(); err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		_, _ = w.Write([]byte("ready\n"))
	})
}

// AlwaysReady is ready as soon as it listens.
func AlwaysReady() error { return nil }
