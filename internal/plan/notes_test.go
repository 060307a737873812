// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"testing"

	"github.com/rerig/rerig/internal/mesh"
)

// What would be seen only in the middle of a run is said before it.
func TestNotesNameWhatIsAwayOrUnready(t *testing.T) {
	w := start()
	note := func(kind NoteKind) string {
		for _, n := range Notes(w, forward(t, w, intent(), Ledger{})) {
			if n.Kind == kind && n.Subject == "Deployment a/w0" {
				return n.Evidence
			}
		}
		return ""
	}
	if note(MayLoseRequests) != "" || note(NotReady) != "" {
		t.Fatal("a workload in good order is noted")
	}
	for i, wl := range w.Workloads {
		if wl.Key() == "Deployment a/w0" {
			w.Workloads[i].Gap, w.Workloads[i].Rollout = "strategy Recreate", mesh.Rollout{Message: "0 of 1 updated replicas are available"}
		}
	}
	if got := note(MayLoseRequests); got != "strategy Recreate" {
		t.Errorf("what is away is noted with %q", got)
	}
	if got := note(NotReady); got != "0 of 1 updated replicas are available" {
		t.Errorf("what is not ready is noted with %q", got)
	}
}
