// SPDX-License-Identifier: Apache-2.0

// Package serve is how a service of the shop stands, and how it leaves.
package serve

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"
)

// HTTP answers on the listener until the context ends. Then no connection is taken any more, and what is under
// way may finish for as long as the grace; with no grace everything is dropped at once.
func HTTP(ctx context.Context, ln net.Listener, handler http.Handler, grace time.Duration) error {
	srv := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	left := make(chan error, 1)
	go func() {
		<-ctx.Done()
		left <- leave(srv, grace)
	}()
	if err := srv.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve HTTP on %s: %w", ln.Addr(), err)
	}
	return <-left
}

func leave(srv *http.Server, grace time.Duration) error {
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
