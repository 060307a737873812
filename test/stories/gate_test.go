// SPDX-License-Identifier: Apache-2.0

package stories

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// gate is a proxy in front of the API server. It records each write. After a chosen
// write it can shut: then it passes no further write on.
type gate struct {
	kubeconfig string // leads through the gate
	server     *httptest.Server
	onward     *httputil.ReverseProxy

	disconnected atomic.Bool // no connection is accepted

	turn sync.Mutex // one write at a time, so that "after the third" is exact

	mu     sync.Mutex
	seen   []write
	closed bool
	watch  func(write) bool // called after each write: whether to shut; nil for never
	onShut func()           // called once it is shut and the answer was passed on
}

// newGate starts a gate in front of an API server.
func newGate(t *testing.T, config *rest.Config) *gate {
	t.Helper()
	to, err := url.Parse(config.Host)
	if err != nil {
		t.Fatalf("read the API server's address: %v", err)
	}
	direct := rest.CopyConfig(config)
	direct.NextProtos = []string{"http/1.1"} // a port-forward is an upgrade of it
	transport, err := rest.TransportFor(direct)
	if err != nil {
		t.Fatalf("connect the gate: %v", err)
	}
	g := &gate{onward: &httputil.ReverseProxy{
		Rewrite:       func(r *httputil.ProxyRequest) { r.SetURL(to) },
		Transport:     transport,
		FlushInterval: -1, // watches
		ErrorHandler:  func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) },
	}}
	g.server = httptest.NewServer(g)
	t.Cleanup(func() {
		g.server.CloseClientConnections()
		g.server.Close()
	})
	g.kubeconfig = kubeconfigFor(t, g.server.URL, config.BearerToken)
	return g
}

// kubeconfigFor writes a kubeconfig for a server without TLS and returns its path.
func kubeconfigFor(t *testing.T, server, token string) string {
	t.Helper()
	c := clientcmdapi.NewConfig()
	c.Clusters["lab"] = &clientcmdapi.Cluster{Server: server}
	c.AuthInfos["user"] = &clientcmdapi.AuthInfo{Token: token}
	c.Contexts["lab"] = &clientcmdapi.Context{Cluster: "lab", AuthInfo: "user"}
	c.CurrentContext = "lab"
	path := filepath.Join(t.TempDir(), "kubeconfig")
	if err := clientcmd.WriteToFile(*c, path); err != nil {
		t.Fatalf("write the gate's kubeconfig: %v", err)
	}
	return path
}

func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if g.disconnected.Load() {
		panic(http.ErrAbortHandler) // the connection ends without an answer
	}
	if !isWrite(r) {
		g.onward.ServeHTTP(w, r)
		return
	}
	g.turn.Lock()
	defer g.turn.Unlock()
	if g.isShut() {
		holdRequest(w, r)
		return
	}
	// With its body at hand, an answer that comes early does not break the connection.
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the client is gone
	}
	r.Body, r.ContentLength, r.TransferEncoding = io.NopCloser(bytes.NewReader(body)), int64(len(body)), nil
	answer := &responseRecorder{ResponseWriter: w, code: http.StatusOK}
	g.onward.ServeHTTP(answer, r)
	if strike := g.noteWrite(writeOf(r, answer.code)); strike != nil {
		strike()
	}
}

// holdRequest leaves a request unanswered until its client is gone.
func holdRequest(w http.ResponseWriter, r *http.Request) {
	// A server notices a lost client only after it has read the request.
	_, _ = io.Copy(io.Discard, r.Body)
	<-r.Context().Done()
	w.WriteHeader(http.StatusServiceUnavailable)
}

// disconnect closes all connections and refuses new ones, or accepts them again.
func (g *gate) disconnect(lost bool) {
	g.disconnected.Store(lost)
	if lost {
		g.server.CloseClientConnections()
	}
}

func (g *gate) isShut() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.closed
}

// noteWrite records a write, and shuts the gate if it is the chosen one.
func (g *gate) noteWrite(w write) func() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.seen = append(g.seen, w)
	if g.watch == nil || !g.watch(w) {
		return nil
	}
	g.closed = true
	return g.onShut
}

// shutAfter opens the gate with an empty record, and shuts it after the first write that
// when matches. Then it calls onShut.
func (g *gate) shutAfter(when func(write) bool, struck func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed, g.seen, g.watch, g.onShut = false, nil, when, struck
}

// open passes everything on from now on.
func (g *gate) open() { g.shutAfter(nil, nil) }

// written returns the writes since the gate was last opened.
func (g *gate) written() []write {
	g.mu.Lock()
	defer g.mu.Unlock()
	return append([]write(nil), g.seen...)
}

// responseRecorder records the status code of a response.
type responseRecorder struct {
	http.ResponseWriter
	code int
}

func (a *responseRecorder) WriteHeader(code int) {
	a.code = code
	a.ResponseWriter.WriteHeader(code)
}

// Unwrap gives the reverse proxy access to Flush.
func (a *responseRecorder) Unwrap() http.ResponseWriter { return a.ResponseWriter }
