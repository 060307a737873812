// SPDX-License-Identifier: Apache-2.0

package serve_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/rerig/rerig/lab/shop/internal/serve"
)

// stopDuringRequest starts a request, stops the server during the request, and returns the result.
func stopDuringRequest(t *testing.T, grace time.Duration) (status int, err error) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	arrived, finish, stopped := make(chan bool), make(chan bool), make(chan error, 1)
	go func() {
		stopped <- serve.HTTP(ctx, ln, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
			close(arrived)
			<-finish
		}), grace)
	}()
	go func() {
		<-arrived
		stop()
		time.Sleep(50 * time.Millisecond)
		close(finish)
	}()
	resp, err := http.Get("http://" + ln.Addr().String())
	if served := <-stopped; served != nil {
		t.Errorf("stop: got error %v", served)
	}
	if err != nil {
		return 0, err
	}
	return resp.StatusCode, resp.Body.Close()
}

func TestHTTPFinishesRequestsInFlight(t *testing.T) {
	if status, err := stopDuringRequest(t, 5*time.Second); err != nil || status != http.StatusOK {
		t.Errorf("got %d, %v, want 200", status, err)
	}
}

func TestHTTPWithoutGraceDropsRequests(t *testing.T) {
	if status, err := stopDuringRequest(t, 0); err == nil {
		t.Errorf("got %d, want a dropped request", status)
	}
}

func TestRunAllStopsAfterFailure(t *testing.T) {
	broken := errors.New("broken")
	err := serve.RunAll(context.Background(),
		func(ctx context.Context) error { <-ctx.Done(); return nil },
		func(context.Context) error { return broken },
	)
	if !errors.Is(err, broken) {
		t.Errorf("got %v, want %v", err, broken)
	}
}
