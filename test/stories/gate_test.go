// SPDX-License-Identifier: Apache-2.0

package stories

import (
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

// gate stands between a program and the API server. It lets everything through,
// sees each write, and can be shut after one: then nothing more is written.
type gate struct {
	kubeconfig string // the way through the gate
	server     *httptest.Server
	onward     *httputil.ReverseProxy

	dark atomic.Bool // nothing passes at all

	turn sync.Mutex // one write at a time, so that "after the third" is exactly that

	mu     sync.Mutex
	seen   []write
	closed bool
	watch  func(write) bool // asked after each write whether to shut; nil never
	struck func()           // called once it is shut, when the answer was passed on
}

// newGate opens a gate before the API server that config leads to.
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

// kubeconfigFor writes a kubeconfig for a plain server and returns its path.
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
	if g.dark.Load() {
		panic(http.ErrAbortHandler) // the connection ends without an answer
	}
	if !writes(r) {
		g.onward.ServeHTTP(w, r)
		return
	}
	g.turn.Lock()
	defer g.turn.Unlock()
	if g.shut() {
		hold(w, r)
		return
	}
	answer := &answering{ResponseWriter: w, code: http.StatusOK}
	g.onward.ServeHTTP(answer, r)
	if strike := g.note(writeOf(r, answer.code)); strike != nil {
		strike()
	}
}

// hold leaves a request without an answer until whoever sent it is gone.
func hold(w http.ResponseWriter, r *http.Request) {
	// A server hears that its client is gone only once it has read the request.
	_, _ = io.Copy(io.Discard, r.Body)
	<-r.Context().Done()
	w.WriteHeader(http.StatusServiceUnavailable)
}

// lose cuts every connection and takes none, or takes them again.
func (g *gate) lose(lost bool) {
	g.dark.Store(lost)
	if lost {
		g.server.CloseClientConnections()
	}
}

func (g *gate) shut() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.closed
}

// note takes down a write, and shuts the gate when it is the one that is waited for.
func (g *gate) note(w write) func() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.seen = append(g.seen, w)
	if g.watch == nil || !g.watch(w) {
		return nil
	}
	g.closed = true
	return g.struck
}

// shutAfter shuts the gate after the first write of which when is true, and
// calls struck then. It also opens the gate again, with an empty list.
func (g *gate) shutAfter(when func(write) bool, struck func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed, g.seen, g.watch, g.struck = false, nil, when, struck
}

// open lets everything through from now on.
func (g *gate) open() { g.shutAfter(nil, nil) }

// written returns the writes since the gate was opened last.
func (g *gate) written() []write {
	g.mu.Lock()
	defer g.mu.Unlock()
	return append([]write(nil), g.seen...)
}

// answering remembers the code of an answer.
type answering struct {
	http.ResponseWriter
	code int
}

func (a *answering) WriteHeader(code int) {
	a.code = code
	a.ResponseWriter.WriteHeader(code)
}

// Unwrap lets the reverse proxy flush.
func (a *answering) Unwrap() http.ResponseWriter { return a.ResponseWriter }
