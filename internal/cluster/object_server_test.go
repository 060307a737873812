// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"fmt"
	"io"
	"k8s.io/client-go/rest"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// objectServer serves one object, whatever its kind, and notes how it is patched.
type objectServer struct {
	object string
	patch  string
}

func (s *objectServer) start(t *testing.T) *rest.Config {
	t.Helper()
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return &rest.Config{Host: server.URL}
}

func (s *objectServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	switch parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/"); {
	case r.Method == http.MethodPatch:
		body, _ := io.ReadAll(r.Body)
		s.patch = string(body)
		fmt.Fprintf(w, `{"apiVersion":"%s/%s","kind":"Any",%s`, parts[1], parts[2], strings.TrimPrefix(s.object, "{"))
	case len(parts) == 3: // the kinds of an API
		fmt.Fprint(w, `{"resources":[{"name":"statefulsets","kind":"StatefulSet"},{"name":"rollouts","kind":"Rollout"}]}`)
	default:
		fmt.Fprintf(w, `{"metadata":{},"items":[%s]}`, s.object)
	}
}
