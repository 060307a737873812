// SPDX-License-Identifier: Apache-2.0

package stories

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"k8s.io/client-go/rest"
)

// request sends a request through the gate as rerig does.
func request(t *testing.T, g *gate, method, path string) (int, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, g.server.URL+path, strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("User-Agent", "rerig/dev")
	r.Header.Set("Authorization", "Bearer ours")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	_, err = io.Copy(io.Discard, answer.Body)
	return answer.StatusCode, err
}

// TestHarnessGate shows that the gate counts writes alone, shuts after the chosen one,
// and still passes reads on.
func TestHarnessGate(t *testing.T) {
	arrived := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer ours" {
			t.Errorf("%s %s came with %q", r.Method, r.URL, r.Header.Get("Authorization"))
		}
		if r.Method == http.MethodPatch {
			arrived++
		}
		w.WriteHeader(http.StatusCreated)
	}))
	defer server.Close()
	g := newGate(t, &rest.Config{Host: server.URL, BearerToken: "ours"})
	patches, struck := 0, make(chan struct{})
	g.shutAfter(func(w write) bool { patches++; return patches == 2 }, func() { close(struck) })
	for _, path := range []string{"/api/v1/namespaces/a", "/apis/coordination.k8s.io/v1/namespaces/x/leases/rerig",
		"/api/v1/namespaces/b?dryRun=All", "/api/v1/namespaces/b"} {
		if code, err := request(t, g, http.MethodPatch, path); code != http.StatusCreated {
			t.Fatalf("PATCH %s: code %d, %v", path, code, err)
		}
	}
	select {
	case <-struck: // soon after the answer was passed on
	case <-time.After(10 * time.Second):
		t.Error("it was not shut after the second write")
	}
	if _, err := request(t, g, http.MethodPatch, "/api/v1/namespaces/c"); err == nil {
		t.Error("a write passed a shut gate")
	}
	if code, err := request(t, g, http.MethodGet, "/api/v1/namespaces/c"); code != http.StatusCreated {
		t.Errorf("a read did not pass a shut gate: code %d, %v", code, err)
	}
	if arrived != 4 {
		t.Errorf("%d patches arrived, want 4", arrived)
	}
	got := g.written()
	if len(got) != 2 || got[1] != (write{who: "rerig", method: "PATCH", path: "/api/v1/namespaces/b", code: 201}) {
		t.Errorf("it has seen %v", got)
	}
	g.open()
	if code, err := request(t, g, http.MethodPatch, "/api/v1/namespaces/c"); code != http.StatusCreated {
		t.Errorf("a write did not pass the gate that was opened again: code %d, %v", code, err)
	}
}
