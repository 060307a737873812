// SPDX-License-Identifier: Apache-2.0

package stories

import (
	"fmt"
	"net/http"
	"strings"
)

// write is a request that changes something.
type write struct {
	who    string // the program by its user agent: rerig, istioctl
	method string
	path   string
	code   int
}

func (w write) String() string { return fmt.Sprintf("%s %s %s -> %d", w.who, w.method, w.path, w.code) }

// record reports whether the write is to a MeshUpgrade.
func (w write) record() bool { return strings.HasPrefix(w.path, "/apis/rerig.dev/") }

func writeOf(r *http.Request, code int) write {
	who, _, _ := strings.Cut(r.UserAgent(), "/")
	return write{who: who, method: r.Method, path: r.URL.Path, code: code}
}

// readOnlyPosts are the ends of paths whose POST changes nothing, and the Lease and
// events, which are no steps of a run.
var readOnlyPosts = []string{"accessreviews", "selfsubjectrulesreviews", "selfsubjectreviews", "/token", "/portforward", "/exec",
	"/attach", "/proxy", "/leases", "/events"}

// isWrite matches requests that change something.
func isWrite(r *http.Request) bool {
	switch r.Method {
	case http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete:
	default:
		return false
	}
	if r.URL.Query().Has("dryRun") {
		return false
	}
	for _, part := range readOnlyPosts {
		if strings.HasSuffix(r.URL.Path, part) || strings.Contains(r.URL.Path, part+"/") {
			return false
		}
	}
	return true
}
