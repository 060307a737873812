// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"strings"
	"time"
)

// Conn is a connection to a ledger.
type Conn struct {
	conn net.Conn
	in   *bufio.Reader
}

// Dial connects to a ledger.
func Dial(ctx context.Context, address string) (*Conn, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	return &Conn{conn: conn, in: bufio.NewReader(conn)}, nil
}

// Close ends the connection.
func (c *Conn) Close() error { return c.conn.Close() }

// Add requests the sum of two numbers, checks it, and returns the name of the pod that answered.
func (c *Conn) Add(ctx context.Context, a, b int) (string, error) {
	until, _ := ctx.Deadline() // without a deadline the zero time is no limit
	if err := c.conn.SetDeadline(until); err != nil {
		return "", fmt.Errorf("set the deadline: %w", err)
	}
	stop := context.AfterFunc(ctx, func() { _ = c.conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	if _, err := fmt.Fprintf(c.conn, "add %d %d\n", a, b); err != nil {
		return "", fmt.Errorf("send the request: %w", err)
	}
	line, err := c.in.ReadString('\n')
	if err != nil {
		return "", fmt.Errorf("read the answer: %w", err)
	}
	answer, pod, _ := strings.Cut(strings.TrimSpace(line), " ")
	if answer != fmt.Sprint(a+b) {
		return "", fmt.Errorf("requested %d + %d, got %q", a, b, line)
	}
	return pod, nil
}

// AddOnce opens a connection, sends one request and reads one answer. connected reports whether the
// connection was accepted, so that a caller can tell a refused connection from a lost answer.
func AddOnce(ctx context.Context, address string, a, b int) (pod string, connected bool, err error) {
	conn, err := Dial(ctx, address)
	if err != nil {
		return "", false, fmt.Errorf("connect: %w", err)
	}
	defer conn.Close()
	pod, err = conn.Add(ctx, a, b)
	return pod, true, err
}
