// SPDX-License-Identifier: Apache-2.0

package egress

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// dialTimeout bounds the connection to a local process.
const dialTimeout = 5 * time.Second

// Serve answers HTTP CONNECT on the listener until the listener is closed. The listener is a unix
// socket, as the API server's egress selector requires.
//
// Connections are made from the address from, or from any address if it is nil. An istiod trusts
// connections from loopback, such as port-forwards, but an API server does not connect from there.
func Serve(l net.Listener, routes *Routes, from net.IP) error {
	dialer := &net.Dialer{Timeout: dialTimeout}
	if from != nil {
		dialer.LocalAddr = &net.TCPAddr{IP: from}
	}
	s := &http.Server{Handler: connectHandler(routes, dialer), ReadHeaderTimeout: dialTimeout}
	if err := s.Serve(l); err != nil && !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("serve the egress proxy: %w", err)
	}
	return nil
}

func connectHandler(routes *Routes, dialer *net.Dialer) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodConnect {
			http.Error(w, "only CONNECT is supported", http.StatusMethodNotAllowed)
			return
		}
		server, err := dial(routes, dialer, r.URL.Host)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		client, buffered, err := w.(http.Hijacker).Hijack()
		if err != nil {
			server.Close()
			return
		}
		if _, err := io.WriteString(client, "HTTP/1.1 200 Connection established\r\n\r\n"); err != nil {
			client.Close()
			server.Close()
			return
		}
		pipe(client, buffered, server)
	}
}

func dial(routes *Routes, dialer *net.Dialer, hostport string) (net.Conn, error) {
	local, err := routes.Resolve(hostport)
	if err != nil {
		return nil, err
	}
	return dialer.Dial("tcp", local)
}

// pipe copies bytes in both directions until both have ended. clientReader also returns what the
// HTTP server has already read from the client.
func pipe(client net.Conn, clientReader io.Reader, server net.Conn) {
	var copies sync.WaitGroup
	copies.Go(func() { copyAndCloseWrite(server, clientReader) })
	copies.Go(func() { copyAndCloseWrite(client, server) })
	copies.Wait()
	client.Close()
	server.Close()
}

// copyAndCloseWrite copies one direction. At its end it closes the write side of to and leaves the
// other direction open.
func copyAndCloseWrite(to net.Conn, from io.Reader) {
	_, err := io.Copy(to, from)
	half, ok := to.(interface{ CloseWrite() error })
	if err != nil || !ok {
		to.Close()
		return
	}
	_ = half.CloseWrite() // the peer may already be closed
}

// NonLoopbackIP returns an address of this machine other than loopback, or nil. It is used as a
// source address; no connection leaves the machine.
func NonLoopbackIP() net.IP {
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		return nil
	}
	for _, a := range addresses {
		if n, ok := a.(*net.IPNet); ok && n.IP.To4() != nil && n.IP.IsGlobalUnicast() {
			return n.IP
		}
	}
	return nil
}
