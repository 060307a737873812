// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"github.com/rerig/rerig/internal/mesh"
	"k8s.io/client-go/rest"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// No lock is held during a request: while one reader waits for the nodes, another
// one that gives up returns.
func TestReadersDoNotBlockEachOther(t *testing.T) {
	release := make(chan struct{})
	requested := make(chan struct{}, 10)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, "/nodes") && !strings.HasSuffix(r.URL.Path, "/poddisruptionbudgets") {
			http.NotFound(w, r)
			return
		}
		requested <- struct{}{}
		select {
		case <-release:
		case <-r.Context().Done():
		}
		http.NotFound(w, r)
	}))
	defer server.Close()
	defer close(release)
	c := connected(t, &rest.Config{Host: server.URL})
	c.Swaps = true
	for _, read := range []struct {
		name string
		read func(context.Context) error
	}{
		{"nodes", func(ctx context.Context) error { return c.reader().readNodes(ctx, &observation{}) }},
		{"selectors", func(ctx context.Context) error {
			return c.reader().readPodSelectors(ctx, &observation{world: mesh.World{}})
		}},
	} {
		t.Run(read.name, func(t *testing.T) {
			slow, stop := context.WithCancel(t.Context())
			defer stop()
			go func() { _ = read.read(slow) }()
			<-requested
			short, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			defer cancel()
			done := make(chan error, 1)
			go func() { done <- read.read(short) }()
			select {
			case <-done:
			case <-time.After(20 * time.Second):
				t.Error("the second reader waits for the first one's request")
			}
		})
	}
}
