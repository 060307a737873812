// SPDX-License-Identifier: Apache-2.0

package stories

import (
	"fmt"
	"net/http"
	"strings"
)

// write is one request that changed something, or tried to.
type write struct {
	who    string // the program, by its user agent: rerig, istioctl
	method string
	path   string
	code   int
}

func (w write) String() string { return fmt.Sprintf("%s %s %s -> %d", w.who, w.method, w.path, w.code) }

// record reports whether it is a write of the run's own record.
func (w write) record() bool { return strings.HasPrefix(w.path, "/apis/rerig.dev/") }

func writeOf(r *http.Request, code int) write {
	who, _, _ := strings.Cut(r.UserAgent(), "/")
	return write{who, r.Method, r.URL.Path, code}
}

// asking are the ends of paths to which a POST only asks something, or opens a
// way through, and the Lease, whose renewals are no steps of a run.
var asking = []string{"accessreviews", "selfsubjectrulesreviews", "selfsubjectreviews", "/token", "/portforward", "/exec", "/attach", "/proxy", "/leases", "/events"}

// writes tells requests that change something from the others.
func writes(r *http.Request) bool {
	switch r.Method {
	case http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete:
	default:
		return false
	}
	if r.URL.Query().Has("dryRun") {
		return false
	}
	for _, part := range asking {
		if strings.HasSuffix(r.URL.Path, part) || strings.Contains(r.URL.Path, part+"/") {
			return false
		}
	}
	return true
}
