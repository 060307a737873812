// SPDX-License-Identifier: Apache-2.0

package podconn

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"k8s.io/client-go/rest"

	"github.com/rerig/rerig/internal/cluster/podconn/kubelettest"
)

const port = 15014

// web is an endpoint of the only pod.
func web(port int) Endpoint { return Endpoint{Namespace: "shop", Name: "web", UID: "uid", Port: port} }

// pool returns a pool that reaches a handler.
func pool(t *testing.T, handler http.Handler, timeout time.Duration) *Pool {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	p := NewPool(&rest.Config{Host: server.URL}, timeout)
	t.Cleanup(p.Close)
	return p
}

func get(t *testing.T, p *Pool, at Endpoint, path string, limit int64) (string, error) {
	t.Helper()
	var text []byte
	err := p.Get(t.Context(), at, path, limit, func(r io.Reader) (err error) {
		text, err = io.ReadAll(r)
		return err
	})
	return string(text), err
}

func TestGetSharesOneForward(t *testing.T) {
	k := &kubelettest.Kubelet{}
	p := pool(t, k, 2*time.Second)
	for range 3 {
		if got, err := get(t, p, web(port), "/version?x=1", 100); err != nil || got != "15014/version?x=1" {
			t.Fatalf("got %q, %v", got, err)
		}
	}
	if k.Forwards() != 1 {
		t.Errorf("got %d forwards for three requests, want 1", k.Forwards())
	}
	k.Break()
	f := p.client(web(port)).forward
	select {
	case <-f.connection.CloseChan():
	case <-time.After(10 * time.Second):
		t.Fatal("the broken forward is not noticed")
	}
	if got, err := get(t, p, web(port), "/again", 100); err != nil || got != "15014/again" || k.Forwards() != 2 {
		t.Errorf("after a break: got %q, %v, %d forwards", got, err, k.Forwards())
	}
}

func TestGetErrors(t *testing.T) {
	p := pool(t, &kubelettest.Kubelet{}, 2*time.Second)
	for _, test := range []struct {
		name  string
		port  int
		limit int64
		want  string
	}{
		{"refused", kubelettest.Refusing, 100, "connection refused"},
		{"silent", kubelettest.Silent, 100, "no answer within 2s"},
		{"too long", port, 3, "too long"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if _, err := get(t, p, web(test.port), "/x", test.limit); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

func TestForwardNotFound(t *testing.T) {
	p := pool(t, http.NotFoundHandler(), time.Second)
	if _, err := get(t, p, web(port), "/version", 100); err == nil || !strings.Contains(err.Error(), "port-forward to pod shop/web") {
		t.Errorf("got %v", err)
	}
}

// The timeout is for the next part of an answer, not for the complete answer.
func TestSlowAnswer(t *testing.T) {
	for _, test := range []struct {
		name    string
		timeout time.Duration
		want    string // the error
	}{
		{"within the timeout", 500 * time.Millisecond, ""},
		{"beyond the timeout", 50 * time.Millisecond, "no answer within 50ms"},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := pool(t, &kubelettest.Kubelet{}, test.timeout)
			got, err := get(t, p, web(kubelettest.Slow), "/x", 100)
			switch {
			case test.want == "" && (err != nil || got != "xxxxxxxxxx"):
				t.Errorf("got %q, %v", got, err)
			case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

// Callers that give up leave, and do not each start another attempt: the next caller
// gets the result of the first attempt.
func TestDialsOnceBehindHungServer(t *testing.T) {
	k := &kubelettest.Kubelet{Hang: make(chan struct{})}
	p := pool(t, k, 100*time.Millisecond)
	for n := range 3 {
		begun := time.Now()
		if _, err := get(t, p, web(port), "/x", 100); err == nil || !strings.Contains(err.Error(), "no answer within 100ms") {
			t.Fatalf("request %d: got %v", n, err)
		}
		if waited := time.Since(begun); waited > 2*time.Second {
			t.Errorf("request %d waited %s", n, waited)
		}
	}
	begun := time.Now()
	if _, err := p.CertChain(t.Context(), web(port), ""); err == nil || time.Since(begun) > 2*time.Second {
		t.Errorf("certificates: got %v after %s, want an error when the time is over", err, time.Since(begun))
	}
	if got := k.Attempts(); got != 1 {
		t.Errorf("got %d attempts, want 1", got)
	}
	close(k.Hang)
	p.timeout = 10 * time.Second
	if got, err := get(t, p, web(port), "/x", 100); err != nil || got != "15014/x" {
		t.Errorf("after the hang: got %q, %v", got, err)
	}
	if got := k.Attempts(); got != 1 {
		t.Errorf("after the hang: got %d attempts, want 1", got)
	}
}

// Close does not wait for a server that hangs, and a later result is not used.
func TestCloseDuringDial(t *testing.T) {
	k := &kubelettest.Kubelet{Hang: make(chan struct{})}
	p := pool(t, k, 100*time.Millisecond)
	if _, err := get(t, p, web(port), "/x", 100); err == nil {
		t.Fatal("a hung server answered")
	}
	begun := time.Now()
	p.CloseEndpoint(web(port))
	if waited := time.Since(begun); waited > time.Second {
		t.Errorf("Close waited %s", waited)
	}
	close(k.Hang)
	p.timeout = 10 * time.Second
	if got, err := get(t, p, web(port), "/x", 100); err != nil || got != "15014/x" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestKeepClosesUnwanted(t *testing.T) {
	p := NewPool(&rest.Config{}, time.Second)
	wanted := Endpoint{Namespace: "istio-system", Name: "istiod-0", UID: "new", Port: port}
	p.client(Endpoint{Namespace: "istio-system", Name: "istiod-0", UID: "old", Port: port})
	p.client(wanted)
	p.Keep(func(e Endpoint) bool { return e.UID == "new" })
	if _, open := p.open[wanted]; !open || len(p.open) != 1 {
		t.Errorf("got %v, want the endpoint of the new pod", p.open)
	}
}
