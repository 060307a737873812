// SPDX-License-Identifier: Apache-2.0

package cluster

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

// conn is one connection through a forward: a stream of data, and one on which
// the kubelet says what went wrong.
type conn struct {
	connection  httpstream.Connection
	data, fault httpstream.Stream
	port        int
	said        chan string // what the kubelet said, once it is known
}

// refusal is what the kubelet, or the container runtime, said.
type refusal struct{ text string }

func (r *refusal) Error() string { return r.text }

func newConn(connection httpstream.Connection, port, request int) (*conn, error) {
	headers := http.Header{}
	headers.Set(corev1.PortHeader, strconv.Itoa(port))
	headers.Set(corev1.PortForwardRequestIDHeader, strconv.Itoa(request))
	headers.Set(corev1.StreamType, corev1.StreamTypeError)
	fault, err := connection.CreateStream(headers)
	if err != nil {
		return nil, err
	}
	_ = fault.Close() // nothing is ever written to it
	headers.Set(corev1.StreamType, corev1.StreamTypeData)
	data, err := connection.CreateStream(headers)
	if err != nil {
		connection.RemoveStreams(fault)
		return nil, err
	}
	c := &conn{connection: connection, data: data, fault: fault, port: port, said: make(chan string, 1)}
	go func() {
		text, _ := io.ReadAll(io.LimitReader(fault, 1024))
		c.said <- strings.TrimSpace(string(text))
	}()
	return c, nil
}

// Read turns the end of the data into what the kubelet said, where it said
// something: a refused connection looks like an empty answer otherwise.
func (c *conn) Read(p []byte) (int, error) {
	n, err := c.data.Read(p)
	if n > 0 || err == nil {
		return n, err
	}
	select {
	case text := <-c.said:
		c.said <- text
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
	_ = c.fault.Reset()
	c.connection.RemoveStreams(c.data, c.fault)
	return nil
}

// Streams know neither addresses nor deadlines; requests end with their context.

func (c *conn) LocalAddr() net.Addr              { return address{} }
func (c *conn) RemoteAddr() net.Addr             { return address{c.port} }
func (c *conn) SetDeadline(time.Time) error      { return nil }
func (c *conn) SetReadDeadline(time.Time) error  { return nil }
func (c *conn) SetWriteDeadline(time.Time) error { return nil }

type address struct{ port int }

func (address) Network() string  { return "portforward" }
func (a address) String() string { return "pod:" + strconv.Itoa(a.port) }
