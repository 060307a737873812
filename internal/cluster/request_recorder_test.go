// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"github.com/rerig/rerig/internal/cluster/rights"
	"k8s.io/client-go/rest"
	"net/http"
	"strings"
	"sync"
)

// recorder notes the requests to an API server in RBAC's terms.
type recorder struct {
	mu      sync.Mutex
	asked   []rights.Right
	applied []rights.Right // those that were server-side applies
	writes  []*http.Request
	pages   []string              // the limit of each list
	before  func(r *http.Request) // called before a request goes out
}

// on returns the configuration of a client that is recorded.
func (r *recorder) on(config *rest.Config) *rest.Config {
	config = rest.CopyConfig(config)
	config.Wrap(func(next http.RoundTripper) http.RoundTripper { return recording{r, next} })
	return config
}

type recording struct {
	*recorder
	next http.RoundTripper
}

func (r recording) RoundTrip(request *http.Request) (*http.Response, error) {
	p, ok := requested(request)
	r.mu.Lock()
	if ok {
		r.recorder.asked = append(r.recorder.asked, p)
		if strings.HasPrefix(request.Header.Get("Content-Type"), "application/apply-patch") {
			r.recorder.applied = append(r.recorder.applied, p)
		}
	}
	if request.Method != http.MethodGet && !strings.HasSuffix(p.Resource, "accessreviews") && p.Resource != "pods/portforward" {
		r.writes = append(r.writes, request)
	}
	if p.Verb == "list" {
		r.pages = append(r.pages, request.URL.Query().Get("limit"))
	}
	before := r.before
	r.mu.Unlock()
	if before != nil {
		before(request)
	}
	return r.next.RoundTrip(request)
}

// requested returns the right that a request needs.
func requested(request *http.Request) (rights.Right, bool) {
	parts := strings.Split(strings.Trim(request.URL.Path, "/"), "/")
	var p rights.Right
	switch {
	case len(parts) > 2 && parts[0] == "api":
		parts = parts[2:]
	case len(parts) > 3 && parts[0] == "apis":
		p.Group, parts = parts[1], parts[3:]
	default:
		return p, false // discovery
	}
	if parts[0] == "namespaces" && len(parts) > 2 {
		p.Namespace, parts = parts[1], parts[2:]
	}
	p.Resource = parts[0]
	if len(parts) > 1 {
		p.Name = parts[1]
	}
	if len(parts) > 2 {
		p.Resource += "/" + parts[2]
	}
	p.Verb = map[string]string{
		http.MethodGet: "get", http.MethodPost: "create", http.MethodPut: "update", http.MethodPatch: "patch", http.MethodDelete: "delete",
	}[request.Method]
	if p.Verb == "get" && p.Name == "" {
		p.Verb = "list"
	}
	return p, true
}

// covers reports whether a granted right allows what was asked for.
func covers(p, asked rights.Right) bool {
	return p.Verb == asked.Verb && p.Group == asked.Group && p.Resource == asked.Resource &&
		(p.Namespace == "" || p.Namespace == asked.Namespace) && (p.Name == "" || p.Name == asked.Name)
}
