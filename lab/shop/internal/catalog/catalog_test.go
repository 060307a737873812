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

func TestFindAndWatchUntilTheServerLeaves(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, leave := context.WithCancel(t.Context())
	left := make(chan error, 1)
	go func() {
		left <- (&catalog.Server{Pod: "catalog-a", Beat: time.Millisecond}).Serve(ctx, ln, 5*time.Second)
	}()
	client, err := catalog.Dial(ln.Addr().String(), "catalog.shop.example")
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if says, err := client.Find(t.Context(), "lamp"); says != "lamp found by catalog-a" || err != nil {
		t.Errorf("find: got %q, %v", says, err)
	}
	next, err := client.Watch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if line, err := next(); line != "here is catalog-a" || err != nil {
			t.Fatalf("watch: got %q, %v", line, err)
		}
	}
	leave()
	for err == nil {
		_, err = next()
	}
	if status.Code(err) != codes.Unavailable {
		t.Errorf("want the stream ended as unavailable, got %v", err)
	}
	if err := <-left; err != nil {
		t.Error(err)
	}
}
