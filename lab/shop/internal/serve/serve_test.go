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

// stopDuringRequest starts a request, tells the server to leave while it is under way, and hands back what became of it.
func stopDuringRequest(t *testing.T, grace time.Duration) (status int, err error) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, leave := context.WithCancel(context.Background())
	defer leave()
	arrived, finish, left := make(chan bool), make(chan bool), make(chan error, 1)
	go func() {
		left <- serve.HTTP(ctx, ln, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
			close(arrived)
			<-finish
		}), grace)
	}()
	go func() {
		<-arrived
		leave()
		time.Sleep(50 * time.Millisecond)
		close(finish)
	}()
	resp, err := http.Get("http://" + ln.Addr().String())
	if served := <-left; served != nil {
		t.Errorf("leave: %v", served)
	}
	if err != nil {
		return 0, err
	}
	return resp.StatusCode, resp.Body.Close()
}

func TestHTTPFinishesRequestsInFlight(t *testing.T) {
	if status, err := stopDuringRequest(t, 5*time.Second); err != nil || status != http.StatusOK {
		t.Errorf("want 200, got %d, %v", status, err)
	}
}

func TestHTTPWithoutGraceDropsRequests(t *testing.T) {
	if status, err := stopDuringRequest(t, 0); err == nil {
		t.Errorf("want the request dropped, got %d", status)
	}
}

func TestRunAllStopsAfterFailure(t *testing.T) {
	broken := errors.New("broken")
	err := serve.RunAll(context.Background(),
		func(ctx context.Context) error { <-ctx.Done(); return nil },
		func(context.Context) error { return broken },
	)
	if !errors.Is(err, broken) {
		t.Errorf("want %v, got %v", broken, err)
	}
}
