// SPDX-License-Identifier: Apache-2.0

package podconn

import (
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/httpstream"
)

// conn is one connection through a forward: a stream of data and a stream on
// which the kubelet reports errors.
type conn struct {
	connection   httpstream.Connection
	data, errors httpstream.Stream
	port         int
	reported     chan string // the kubelet's error, once the error stream ended
}

// refusal is an error that the kubelet or the container runtime reported.
type refusal struct{ text string }

func (r *refusal) Error() string { return r.text }

func newConn(connection httpstream.Connection, port, request int) (*conn, error) {
	headers := http.Header{}
	headers.Set(corev1.PortHeader, strconv.Itoa(port))
	headers.Set(corev1.PortForwardRequestIDHeader, strconv.Itoa(request))
	headers.Set(corev1.StreamType, corev1.StreamTypeError)
	errors, err := connection.CreateStream(headers)
	if err != nil {
		return nil, err
	}
	_ = errors.Close() // this side writes nothing to it
	headers.Set(corev1.StreamType, corev1.StreamTypeData)
	data, err := connection.CreateStream(headers)
	if err != nil {
		connection.RemoveStreams(errors)
		return nil, err
	}
	c := &conn{connection: connection, data: data, errors: errors, port: port, reported: make(chan string, 1)}
	go func() {
		text, _ := io.ReadAll(io.LimitReader(errors, 1024))
		c.reported <- strings.TrimSpace(string(text))
	}()
	return c, nil
}

// Read returns the kubelet's error instead of io.EOF where the kubelet reported
// one. Without it a refused connection looks like an empty answer.
func (c *conn) Read(p []byte) (int, error) {
	n, err := c.data.Read(p)
	if n > 0 || err == nil {
		return n, err
	}
	select {
	case text := <-c.reported:
		c.reported <- text
		if text != "" {
			return 0, &refusal{text}
		}
	case <-time.After(200 * time.Millisecond):
	}
	return 0, err
}

func (c *conn) Write(p []byte) (int, error) { return c.data.Write(p) }

func (c *conn) Close() error {
	_ = c.data.Close()
	_ = c.data.Reset()
	_ = c.errors.Reset()
	c.connection.RemoveStreams(c.data, c.errors)
	return nil
}

// Streams have neither addresses nor deadlines. Requests end with their context.

func (c *conn) LocalAddr() net.Addr              { return address{} }
func (c *conn) RemoteAddr() net.Addr             { return address{c.port} }
func (c *conn) SetDeadline(time.Time) error      { return nil }
func (c *conn) SetReadDeadline(time.Time) error  { return nil }
func (c *conn) SetWriteDeadline(time.Time) error { return nil }

type address struct{ port int }

func (address) Network() string  { return "portforward" }
func (a address) String() string { return "pod:" + strconv.Itoa(a.port) }
