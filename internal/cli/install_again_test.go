// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"slices"
	"testing"

	"github.com/rerig/rerig/internal/engine"
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// Others take the target away in the middle of a run, which installs it anew, and
// that fails: with another file the same command goes on. What was found before the
// run stays on record, and is what a rollback goes back to.
func TestAMendedInstallInTheMiddleKeepsTheBaseline(t *testing.T) {
	gone := func(p *fakeCluster) {
		p.world.Revisions = p.world.Revisions[:1]
		p.world.Webhooks = slices.DeleteFunc(slices.Clone(p.world.Webhooks), func(h mesh.Webhook) bool { return h.Revision == "1-31-0" })
	}
	half := func(p *fakeCluster) {
		p.world.Revisions = slices.Clone(p.world.Revisions)
		p.world.Revisions[1].Ready = 0
	}
	for name, c := range map[string]struct {
		refuses string
		spoil   func(p *fakeCluster)
	}{
		"wave 1 was moved, the revision is gone":          {"db-1", gone},
		"wave 1 was moved, half of the revision is there": {"db-1", half},
		"both were moved, half of the revision is there":  {"web-1", half},
	} {
		t.Run(name, func(t *testing.T) {
			p := shop()
			p.refuses = c.refuses
			if code, _, err := on(p, upgradeLine+" --yes"); code != exitHeld {
				t.Fatal(code, err)
			}
			l := p.ledgers["to-1-31-0"].Clone()
			p.mend()
			// As the engine leaves it when the install is begun again and fails.
			l.Installation, l.Held, l.Reached = step.Installing, &step.Hold{Reason: "InstallFailed", Subject: "1-31-0"}, 0
			l.Approved = append([]step.Step{{Kind: step.Install, Subject: "1-31-0", To: "1.31.0"}}, l.Approved...)
			if err := p.Record("to-1-31-0").Save(t.Context(), l, engine.Summary{Phase: "Held"}); err != nil {
				t.Fatal(err)
			}
			c.spoil(p)
			p.run("to-1-31-0").Spec.Install.Raw = []byte(`{"apiVersion":"install.istio.io/v1alpha1","kind":"IstioOperator","spec":{"profile":"demo"}}`)
			before := fmt.Sprint(l.Baseline.Bindings, l.Baseline.Revisions)
			code, out, err := on(p, upgradeLine+" --yes")
			if after := fmt.Sprint(p.ledgers["to-1-31-0"].Baseline.Bindings, p.ledgers["to-1-31-0"].Baseline.Revisions); before != after {
				t.Errorf("found before the run: %s; on record now: %s", before, after)
			}
			if phase := p.run("to-1-31-0").Status.Phase; code != exitDone || phase != "Completed" {
				t.Errorf("exit code %d, phase %s: %s%s", code, phase, err, out)
			}
			if code, _, err := on(p, "rollback --yes"); code != exitDone {
				t.Errorf("rollback: exit code %d %s", code, err)
			}
			for _, ns := range []string{"shop-data", "shop-web"} {
				if n, _ := p.world.Namespace(ns); n.Binding().String() != l.Baseline.Bindings[ns] {
					t.Errorf("after a rollback %s bears %s, not %s", ns, n.Binding(), l.Baseline.Bindings[ns])
				}
			}
		})
	}
}
