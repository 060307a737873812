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
	Pod   string
	mu    sync.Mutex
	going bool
	conns map[net.Conn]*talk
}

// talk is how far a connection has come.
type talk struct{ answered int }

// Serve answers until the context ends. Then no connection is taken any more, a held one is closed, and one that
// has not asked yet may do so for as long as the grace.
func (s *Server) Serve(ctx context.Context, ln net.Listener, grace time.Duration) error {
	s.conns = map[net.Conn]*talk{}
	var talks sync.WaitGroup
	stop := context.AfterFunc(ctx, func() { s.leave(ln, grace) })
	defer stop()
	for {
		conn, err := ln.Accept()
		if errors.Is(err, net.ErrClosed) && ctx.Err() != nil {
			talks.Wait()
			return nil
		}
		if err != nil {
			return fmt.Errorf("accept on %s: %w", ln.Addr(), err)
		}
		talks.Go(func() { s.talk(conn, grace) })
	}
}

// leave closes the door and tells every connection how long it has.
func (s *Server) leave(ln net.Listener, grace time.Duration) {
	_ = ln.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.going = true
	for conn, t := range s.conns {
		limit(conn, t, grace)
	}
}

func limit(conn net.Conn, t *talk, grace time.Duration) {
	until := time.Now()
	if t.answered == 0 {
		until = until.Add(grace)
	}
	_ = conn.SetReadDeadline(until)
}

// talk answers one connection's questions until it goes, or the server does.
func (s *Server) talk(conn net.Conn, grace time.Duration) {
	t := &talk{}
	s.enter(conn, t, grace)
	defer s.exit(conn)
	lines := bufio.NewScanner(conn)
	for lines.Scan() {
		if _, err := fmt.Fprintf(conn, "%s %s\n", sum(lines.Text()), s.Pod); err != nil {
			return
		}
		if s.answered(t) {
			return
		}
	}
}

func (s *Server) enter(conn net.Conn, t *talk, grace time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conns[conn] = t
	if s.going {
		limit(conn, t, grace)
	}
}

// answered counts an answer and says whether it was the last one to be given.
func (s *Server) answered(t *talk) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	t.answered++
	return s.going
}

func (s *Server) exit(conn net.Conn) {
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
