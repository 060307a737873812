// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"testing"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// otherCAUpgrade returns an upgrade of a mesh whose proxies have certificates of another CA
// than the one in istiod's ConfigMap, and after the move of the given CA.
func otherCAUpgrade(after string) *fake {
	f := newUpgrade()
	f.onCertificate = func(pod string, c *mesh.Certificate) {
		c.Chains, c.Problem, c.TrustedRoots, c.ChainRoots = false, "unknown authority", []string{"spire"}, []string{"spire"}
		for _, wl := range f.world.Workloads {
			for _, p := range wl.Pods {
				if p.Name == pod && p.Sidecar.Revision == f.intent.Revision {
					c.TrustedRoots, c.ChainRoots = []string{after}, []string{after}
				}
			}
		}
	}
	return f
}

// After the move no proxy can be asked what it trusted before: the ledger has it, after
// a crash at any call too.
func TestTrustedRootsAreNotedBeforeTheMove(t *testing.T) {
	t.Parallel()
	f := otherCAUpgrade("spire")
	expect(t, f, Completed)
	if got := f.ledger.TrustedRoots; len(got) != 1 || got[0] != "spire" {
		t.Errorf("got trusted roots %v, want spire", got)
	}
	total := f.calls
	for at := 1; at <= total; at++ {
		f := otherCAUpgrade("spire")
		f.crashAt = at
		_, _ = f.run()
		f.crashAt = 0
		if outcome, err := f.run(); outcome != Completed || err != nil {
			t.Fatalf("crash at call %d of %d: got %s, %v, hold %+v", at, total, outcome, err, f.ledger.Held)
		}
	}
}

func TestUntrustedCAHolds(t *testing.T) {
	t.Parallel()
	f := otherCAUpgrade("foreign")
	expect(t, f, Held)
	if h := f.ledger.Held; h.Reason != step.ReasonCheckFailed || sidecars(f) != "[1-31-0] [1-29-1] [1-29-1]" {
		t.Errorf("got sidecars %s, hold %+v", sidecars(f), h)
	}
}

// If certificates chain to the mesh's root, no other root is noted.
func TestMeshRootNotesNoTrustedRoots(t *testing.T) {
	t.Parallel()
	f := newUpgrade()
	f.onCertificate = func(_ string, c *mesh.Certificate) { c.TrustedRoots, c.ChainRoots = []string{"root"}, []string{"root"} }
	expect(t, f, Completed)
	if len(f.ledger.TrustedRoots) > 0 {
		t.Errorf("got trusted roots %v, want none", f.ledger.TrustedRoots)
	}
	f = newUpgrade()
	f.onCertificate = func(pod string, c *mesh.Certificate) { c.Chains, c.NotNeeded = c.Chains && pod != "x0", pod == "x0" }
	expect(t, f, Completed)
}
