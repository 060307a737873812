// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"testing"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// An upgrade may leave an istiod whose port 15012 is closed, and a rollback may return
// to it, because its proxies use another port. Nothing moves to a new one.
func TestIstiodWithoutPort15012(t *testing.T) {
	t.Parallel()
	shut := func(revision string) *fake {
		f := newUpgrade()
		f.onObserve = func(w *mesh.World) {
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
	f.approve()
	expect(t, f, RolledBack)
	f = shut("1-31-0")
	expect(t, f, Held)
	if h := f.ledger.Held; h.Reason != step.ReasonTimedOut || sidecars(f) != allOld {
		t.Errorf("at %s: held with %+v", sidecars(f), h)
	}
}
