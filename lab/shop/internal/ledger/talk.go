// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"bufio"
	"fmt"
	"net"
	"time"
)

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
