// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"testing"

	"github.com/rerig/rerig/internal/mesh"
)

// ofAnother is a mesh whose proxies have their certificates from another authority
// than istiod's ConfigMap names, and after the move from the one that is given.
func ofAnother(after string) *fake {
	f := upgrade()
	f.holds = func(pod string, c *mesh.Certificate) {
		c.Chains, c.Problem, c.Trusts, c.Leads = false, "unknown authority", []string{"spire"}, []string{"spire"}
		for _, wl := range f.world.Workloads {
			for _, p := range wl.Pods {
				if p.Name == pod && p.Sidecar.Revision == f.intent.Revision {
					c.Trusts, c.Leads = []string{after}, []string{after}
				}
			}
		}
	}
	return f
}

// Once all have moved no proxy can be asked what the mesh trusted: it is written
// down, and survives a crash.
func TestTrustedRootsAreNotedBeforeTheMove(t *testing.T) {
	t.Parallel()
	f := ofAnother("spire")
	expect(t, f, Completed)
	if got := f.ledger.TrustedRoots; len(got) != 1 || got[0] != "spire" {
		t.Errorf("written down as trusted is %v", got)
	}
	total := f.calls
	for at := 1; at <= total; at++ {
		f := ofAnother("spire")
		f.dieAt = at
		_, _ = f.run()
		f.dieAt = 0
		if outcome, err := f.run(); outcome != Completed || err != nil {
			t.Fatalf("killed after call %d of %d: %s, %v: %+v", at, total, outcome, err, f.ledger.Held)
		}
	}
}

func TestUntrustedCAHolds(t *testing.T) {
	t.Parallel()
	f := ofAnother("foreign")
	expect(t, f, Held)
	if h := f.ledger.Held; h.Reason != checkFailed || where(f) != "[1-31-0] [1-29-1] [1-29-1]" {
		t.Errorf("at %s: held with %+v", where(f), h)
	}
}

// Where proxies hold what leads to the mesh's root nothing else counts.
func TestMeshRootNotesNoTrustedRoots(t *testing.T) {
	t.Parallel()
	f := upgrade()
	f.holds = func(_ string, c *mesh.Certificate) { c.Trusts, c.Leads = []string{"root"}, []string{"root"} }
	expect(t, f, Completed)
	if len(f.ledger.TrustedRoots) > 0 {
		t.Errorf("written down as trusted is %v", f.ledger.TrustedRoots)
	}
	f = upgrade()
	f.holds = func(pod string, c *mesh.Certificate) { c.Chains, c.Unasked = c.Chains && pod != "x0", pod == "x0" }
	expect(t, f, Completed)
}
