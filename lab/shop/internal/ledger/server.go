// SPDX-License-Identifier: Apache-2.0

// Package ledger is the shop's raw TCP service. A question is a line, "add 3 4"; the answer is a line, "7 ledger-0".
// A connection may ask once and go, or be held and ask again.
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

// connState is how far a connection has come.
type connState struct{ answered int }

// Serve answers until the context ends. Then no connection is taken any more, a held one is closed, and one that
// has not asked yet may do so for as long as the grace.
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

// drain closes the door and tells every connection how long it has.
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

// serveConn answers one connection's questions until it goes, or the server does.
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

// recordAnswer counts an answer and says whether it was the last one to be given.
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

// sum answers the question "add A B"; anything else is answered with "what?".
func sum(question string) string {
	var a, b int
	if n, err := fmt.Sscanf(question, "add %d %d", &a, &b); err != nil || n != 2 {
		return "what?"
	}
	return fmt.Sprint(a + b)
}
