// SPDX-License-Identifier: Apache-2.0

package ledger_test

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/rerig/rerig/lab/shop/internal/ledger"
)

// startServer starts a ledger. It returns its address, a function that stops it, and a channel that
// receives when it has stopped.
func startServer(t *testing.T, grace time.Duration) (address string, stop func(), stopped <-chan error) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- (&ledger.Server{Pod: "ledger-0"}).Serve(ctx, ln, grace) }()
	return ln.Addr().String(), cancel, done
}

func TestAddOnce(t *testing.T) {
	address, stop, stopped := startServer(t, time.Second)
	pod, connected, err := ledger.AddOnce(t.Context(), address, 3, 4)
	if pod != "ledger-0" || !connected || err != nil {
		t.Errorf("got %q, connected %t, %v, want an answer of ledger-0", pod, connected, err)
	}
	stop()
	if err := <-stopped; err != nil {
		t.Error(err)
	}
	if _, connected, err := ledger.AddOnce(t.Context(), address, 3, 4); connected || err == nil {
		t.Errorf("stopped: got connected %t, %v, want a refused connection", connected, err)
	}
}

func TestAddOnceReportsConnected(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		conn, err := ln.Accept()
		if err == nil {
			_ = conn.Close()
		}
	}()
	if _, connected, err := ledger.AddOnce(t.Context(), ln.Addr().String(), 3, 4); !connected || err == nil {
		t.Errorf("got connected %t, %v, want a lost answer", connected, err)
	}
}

func TestDrainAnswersOnlyUnusedConnections(t *testing.T) {
	address, stop, stopped := startServer(t, 5*time.Second)
	used, unused := dial(t, address), dial(t, address)
	if _, err := used.Add(t.Context(), 1, 1); err != nil {
		t.Fatal(err)
	}
	if pod, _, err := ledger.AddOnce(t.Context(), address, 1, 1); pod == "" { // by now the connection of unused is accepted
		t.Fatal(err)
	}
	stop()
	if _, err := unused.Add(t.Context(), 2, 2); err != nil {
		t.Errorf("first request of an open connection: got error %v, want an answer", err)
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
	if _, err := used.Add(t.Context(), 1, 1); err == nil {
		t.Error("used connection: got an answer, want it closed")
	}
}

func dial(t *testing.T, address string) *ledger.Conn {
	t.Helper()
	conn, err := ledger.Dial(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}
