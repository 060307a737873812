// SPDX-License-Identifier: Apache-2.0

// Package ledger is the shop's raw TCP service. A request is a line, "add 3 4", and the answer is a
// line, "7 ledger-0". A connection may send any number of requests.
package ledger

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"
)

// Server answers in the name of one pod.
type Server struct {
	Pod      string
	mu       sync.Mutex
	draining bool
	conns    map[net.Conn]*connState
}

// connState is the state of one connection.
type connState struct{ answered int }

// Serve serves until ctx ends. Then it accepts no connection, closes connections that were used,
// and lets unused ones send a request within grace.
func (s *Server) Serve(ctx context.Context, ln net.Listener, grace time.Duration) error {
	s.conns = map[net.Conn]*connState{}
	var serving sync.WaitGroup
	stop := context.AfterFunc(ctx, func() { s.drain(ln, grace) })
	defer stop()
	for {
		conn, err := ln.Accept()
		if errors.Is(err, net.ErrClosed) && ctx.Err() != nil {
			serving.Wait()
			return nil
		}
		if err != nil {
			return fmt.Errorf("accept on %s: %w", ln.Addr(), err)
		}
		serving.Go(func() { s.serveConn(conn, grace) })
	}
}

// drain closes the listener and sets the deadline of every connection.
func (s *Server) drain(ln net.Listener, grace time.Duration) {
	_ = ln.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.draining = true
	for conn, t := range s.conns {
		setReadDeadline(conn, t, grace)
	}
}

func setReadDeadline(conn net.Conn, t *connState, grace time.Duration) {
	until := time.Now()
	if t.answered == 0 {
		until = until.Add(grace)
	}
	_ = conn.SetReadDeadline(until)
}

// serveConn answers the requests of one connection until the client or the server closes it.
func (s *Server) serveConn(conn net.Conn, grace time.Duration) {
	t := &connState{}
	s.register(conn, t, grace)
	defer s.unregister(conn)
	lines := bufio.NewScanner(conn)
	for lines.Scan() {
		if _, err := fmt.Fprintf(conn, "%s %s\n", sum(lines.Text()), s.Pod); err != nil {
			return
		}
		if s.recordAnswer(t) {
			return
		}
	}
}

func (s *Server) register(conn net.Conn, t *connState, grace time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conns[conn] = t
	if s.draining {
		setReadDeadline(conn, t, grace)
	}
}

// recordAnswer counts an answer and reports whether it must be the last one.
func (s *Server) recordAnswer(t *connState) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	t.answered++
	return s.draining
}

func (s *Server) unregister(conn net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, conn)
	_ = conn.Close()
}

// sum answers the request "add A B". Any other request is answered with "invalid request".
func sum(request string) string {
	var a, b int
	if n, err := fmt.Sscanf(request, "add %d %d", &a, &b); err != nil || n != 2 {
		return "invalid request"
	}
	return fmt.Sprint(a + b)
}
