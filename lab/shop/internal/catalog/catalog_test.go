// SPDX-License-Identifier: Apache-2.0

package catalog_test

import (
	"context"
	"net"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/rerig/rerig/lab/shop/internal/catalog"
)

func TestWatchEndsWhenServerStops(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stopped := make(chan error, 1)
	go func() {
		stopped <- (&catalog.Server{Pod: "catalog-a", Interval: time.Millisecond}).Serve(ctx, ln, 5*time.Second)
	}()
	client, err := catalog.Dial(ln.Addr().String(), "catalog.shop.example")
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if text, err := client.Find(t.Context(), "lamp"); text != "lamp found by catalog-a" || err != nil {
		t.Errorf("find: got %q, %v, want lamp found by catalog-a", text, err)
	}
	next, err := client.Watch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if line, err := next(); line != "catalog-a is alive" || err != nil {
			t.Fatalf("watch: got %q, %v, want catalog-a is alive", line, err)
		}
	}
	stop()
	for err == nil {
		_, err = next()
	}
	if status.Code(err) != codes.Unavailable {
		t.Errorf("got %v, want status Unavailable", err)
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}
