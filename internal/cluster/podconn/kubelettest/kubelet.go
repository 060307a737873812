// SPDX-License-Identifier: Apache-2.0

// Package kubelettest has a fake API server that forwards to the pod shop/web.
package kubelettest

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/httpstream"
	"k8s.io/apimachinery/pkg/util/httpstream/spdy"
)

// Special ports of the pod.
const (
	Refusing = 1     // refuses connections
	Silent   = 2     // never answers
	Slow     = 3     // takes a second to answer ten letters
	TLS      = 15012 // serves TLS if Kubelet.TLS is set, else refuses connections
)

// Kubelet is a fake API server that supports SPDY but no websockets, as old ones
// do. The pod echoes the port and the path of a request, but for the special ports.
type Kubelet struct {
	TLS  *tls.Config
	Hang chan struct{} // if set, a port-forward is opened only once it is closed

	mu       sync.Mutex
	attempts int
	forwards []httpstream.Connection
}

// Attempts returns how many port-forwards were requested.
func (k *Kubelet) Attempts() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.attempts
}

// Forwards returns how many port-forwards were opened.
func (k *Kubelet) Forwards() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return len(k.forwards)
}

// Break closes the first port-forward.
func (k *Kubelet) Break() {
	k.mu.Lock()
	defer k.mu.Unlock()
	_ = k.forwards[0].Close()
}

func (k *Kubelet) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost || r.URL.Path != "/api/v1/namespaces/shop/pods/web/portforward" {
		http.Error(w, "no websockets here", http.StatusBadRequest)
		return
	}
	k.mu.Lock()
	k.attempts++
	k.mu.Unlock()
	if k.Hang != nil {
		<-k.Hang
	}
	if _, err := httpstream.Handshake(r, w, []string{"portforward.k8s.io"}); err != nil {
		return
	}
	var mu sync.Mutex // streams arrive in any order
	pairs := map[string]map[string]httpstream.Stream{}
	connection := spdy.NewResponseUpgrader().UpgradeResponse(w, r, func(s httpstream.Stream, _ <-chan struct{}) error {
		mu.Lock()
		defer mu.Unlock()
		id := s.Headers().Get(corev1.PortForwardRequestIDHeader)
		if pairs[id] == nil {
			pairs[id] = map[string]httpstream.Stream{}
		}
		pairs[id][s.Headers().Get(corev1.StreamType)] = s
		if len(pairs[id]) == 2 {
			go k.answer(pairs[id][corev1.StreamTypeData], pairs[id][corev1.StreamTypeError], s.Headers().Get(corev1.PortHeader))
		}
		return nil
	})
	if connection == nil {
		return
	}
	k.mu.Lock()
	k.forwards = append(k.forwards, connection)
	k.mu.Unlock()
	<-connection.CloseChan()
}

func (k *Kubelet) answer(data, fault httpstream.Stream, port string) {
	if port == fmt.Sprint(TLS) && k.TLS == nil {
		port = fmt.Sprint(Refusing)
	}
	switch port {
	case fmt.Sprint(TLS):
		_ = tls.Server(streamConn{data}, k.TLS).Handshake()
		return
	case fmt.Sprint(Refusing):
		_, _ = io.WriteString(fault, "connection refused")
		_ = fault.Close()
		_ = data.Close()
		return
	case fmt.Sprint(Silent):
		return
	case fmt.Sprint(Slow):
		if _, err := http.ReadRequest(bufio.NewReader(data)); err != nil {
			return
		}
		fmt.Fprint(data, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n")
		for range 10 {
			time.Sleep(100 * time.Millisecond)
			_, _ = io.WriteString(data, "x")
		}
		return
	}
	for in := bufio.NewReader(data); ; {
		r, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		text := port + r.URL.String()
		fmt.Fprintf(data, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(text), text)
	}
}

// streamConn is a stream as a net.Conn without addresses and deadlines.
type streamConn struct{ httpstream.Stream }

func (streamConn) LocalAddr() net.Addr              { return &net.TCPAddr{} }
func (streamConn) RemoteAddr() net.Addr             { return &net.TCPAddr{} }
func (streamConn) SetDeadline(time.Time) error      { return nil }
func (streamConn) SetReadDeadline(time.Time) error  { return nil }
func (streamConn) SetWriteDeadline(time.Time) error { return nil }
