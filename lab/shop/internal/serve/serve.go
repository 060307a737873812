// SPDX-License-Identifier: Apache-2.0

// Package serve runs servers until a context ends, and drains them.
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

// HTTP serves on the listener until ctx ends. Then it accepts no connection, and requests in flight
// may complete within grace. Without grace they are dropped.
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
		return errors.Join(fmt.Errorf("complete requests in flight within %s: %w", grace, err), srv.Close())
	}
	return nil
}

// RunAll runs all parts until ctx ends or one of them fails, which stops the others. It returns
// when all have stopped.
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

// ReadyHandler answers a readiness probe: 200 if ready returns nil, else 503 and the error.
func ReadyHandler(ready func() error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if err := ready(); err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		_, _ = w.Write([]byte("ready\n"))
	})
}

// AlwaysReady reports ready.
func AlwaysReady() error { return nil }
