// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"testing"

	"github.com/rerig/rerig/internal/mesh"
)

// An istiod without port 15012, whose proxies come by another, is moved away from,
// and moved back to; a new one is not moved to.
func TestIstiodWithoutPort15012(t *testing.T) {
	t.Parallel()
	shut := func(revision string) *fake {
		f := upgrade()
		f.sees = func(w *mesh.World) {
			for _, r := range w.Revisions {
				for i := range r.Istiods {
					if r.Name == revision {
						r.Istiods[i].PortClosed = "connection refused"
					}
				}
			}
		}
		return f
	}
	f := shut("1-29-1")
	expect(t, f, Completed)
	f.intent.Rollback = true
	f.agree()
	expect(t, f, RolledBack)
	f = shut("1-31-0")
	expect(t, f, Held)
	if h := f.ledger.Held; h.Reason != timedOut || where(f) != "[1-29-1] [1-29-1] [1-29-1]" {
		t.Errorf("at %s: held with %+v", where(f), h)
	}
}
