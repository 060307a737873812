// SPDX-License-Identifier: Apache-2.0

package real

import (
	"io"
	"net"
	"testing"
)

func listenLocal(t *testing.T) net.Listener {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	return ln
}

// A client that closed its write side still receives the complete answer.
func TestRelayKeepsHalfClosedConnections(t *testing.T) {
	server, relayed := listenLocal(t), listenLocal(t)
	go func() {
		c, err := server.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		request, _ := io.ReadAll(c)
		_, _ = c.Write(append([]byte("echo "), request...))
	}()
	go relayConnections(relayed, server.Addr().String())
	c, err := net.Dial("tcp", relayed.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Write([]byte("hello")); err != nil {
		t.Fatal(err)
	}
	if err := c.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(c)
	if err != nil || string(answer) != "echo hello" {
		t.Errorf("got answer %q, %v, want echo hello", answer, err)
	}
}

func TestRelayClosesWithoutListener(t *testing.T) {
	server, relayed := listenLocal(t), listenLocal(t)
	server.Close()
	go relayConnections(relayed, server.Addr().String())
	c, err := net.Dial("tcp", relayed.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if b, _ := io.ReadAll(c); len(b) != 0 {
		t.Errorf("got answer %q, want a closed connection", b)
	}
}
