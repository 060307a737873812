// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/httpstream"
	"k8s.io/apimachinery/pkg/util/httpstream/spdy"
	"k8s.io/client-go/rest"
)

// kubelet stands in for an API server that forwards to pods, and knows SPDY
// only, as old ones do. Port 1 refuses, port 2 never answers,
// port 3 takes a second to say ten letters. Behind the port for proxies is a TLS
// server, where there is one, else nothing listens.
type kubelet struct {
	tls      *tls.Config
	mu       sync.Mutex
	forwards []httpstream.Connection
}

func (k *kubelet) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost || r.URL.Path != "/api/v1/namespaces/shop/pods/web/portforward" {
		http.Error(w, "no websockets here", http.StatusBadRequest)
		return
	}
	if _, err := httpstream.Handshake(r, w, []string{"portforward.k8s.io"}); err != nil {
		return
	}
	var mu sync.Mutex // streams come in any order
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
	k.mu.Lock()
	k.forwards = append(k.forwards, connection)
	k.mu.Unlock()
	<-connection.CloseChan()
}

func (k *kubelet) answer(data, fault httpstream.Stream, port string) {
	if port == fmt.Sprint(discoveryPort) && k.tls == nil {
		port = "1"
	}
	switch port {
	case fmt.Sprint(discoveryPort):
		_ = tls.Server(&conn{data: data}, k.tls).Handshake()
		return
	case "1":
		_, _ = io.WriteString(fault, "connection refused")
		fault.Close()
		data.Close()
		return
	case "2":
		return
	case "3":
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

func (k *kubelet) count() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return len(k.forwards)
}

func TestForward(t *testing.T) {
	k := &kubelet{}
	server := httptest.NewServer(k)
	defer server.Close()
	p := newPods(&rest.Config{Host: server.URL})
	defer p.close()
	ask := func(port int, path string, limit int64) (string, error) {
		var text []byte
		err := p.get(context.Background(), endpoint{"shop", "web", "uid", port}, path, 2*time.Second, limit, func(r io.Reader) (err error) {
			text, err = io.ReadAll(r)
			return err
		})
		return string(text), err
	}
	for range 3 {
		if got, err := ask(15014, "/version?x=1", 100); err != nil || got != "15014/version?x=1" {
			t.Fatalf("got %q, %v", got, err)
		}
	}
	if k.count() != 1 {
		t.Errorf("three questions took %d forwards", k.count())
	}
	k.forwards[0].Close()
	f := p.door(endpoint{"shop", "web", "uid", 15014}).forward
	select {
	case <-f.connection.CloseChan():
	case <-time.After(10 * time.Second):
		t.Fatal("the broken forward is not noticed")
	}
	if got, err := ask(15014, "/again", 100); err != nil || got != "15014/again" || k.count() != 2 {
		t.Errorf("after a break: %q, %v, %d forwards", got, err, k.count())
	}
	for _, test := range []struct {
		port  int
		limit int64
		says  string
	}{{1, 100, "connection refused"}, {2, 100, "no answer within 2s"}, {15014, 3, "too long"}} {
		if _, err := ask(test.port, "/x", test.limit); err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("port %d: got %v, want %q", test.port, err, test.says)
		}
	}
}

func TestForwardRefused(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	p := newPods(&rest.Config{Host: server.URL})
	err := p.get(context.Background(), endpoint{"shop", "web", "uid", 15014}, "/version", time.Second, 100, func(io.Reader) error { return nil })
	if err == nil || !strings.Contains(err.Error(), "port-forward to pod shop/web") {
		t.Errorf("got %v", err)
	}
}

// A long answer takes its time: what is given up is one that stops coming.
func TestForwardSlow(t *testing.T) {
	server := httptest.NewServer(&kubelet{})
	defer server.Close()
	p := newPods(&rest.Config{Host: server.URL})
	defer p.close()
	for patience, says := range map[time.Duration]string{500 * time.Millisecond: "", 50 * time.Millisecond: "no answer within 50ms"} {
		var text []byte
		err := p.get(t.Context(), endpoint{"shop", "web", says, 3}, "/x", patience, 100, func(r io.Reader) (err error) {
			text, err = io.ReadAll(r)
			return err
		})
		if says == "" && (err != nil || string(text) != "xxxxxxxxxx") || says != "" && (err == nil || !strings.Contains(err.Error(), says)) {
			t.Errorf("with a patience of %s: %q, %v", patience, text, err)
		}
	}
}

func TestDoorsToIstiodsThatAreGoneAreClosed(t *testing.T) {
	c := &Cluster{pods: newPods(&rest.Config{})}
	for _, e := range []endpoint{{"istio-system", "istiod-0", "old", debugPort}, {"istio-system", "istiod-0", "new", debugPort}, {"shop", "web", "", adminPort}} {
		c.pods.door(e)
	}
	c.presented = map[string]presented{"old": {}, "new": {}}
	c.forget([]istiodPod{{name: "istiod-0", uid: "new"}})
	if _, stays := c.pods.open[endpoint{"istio-system", "istiod-0", "old", debugPort}]; stays || len(c.pods.open) != 2 || len(c.presented) != 1 {
		t.Errorf("open: %v", c.pods.open)
	}
}
