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

// Another person removes the target during a run. Its second install fails, and the
// same command with another file continues. The baseline stays on record, and a
// rollback restores it.
func TestCorrectedInstallKeepsTheBaseline(t *testing.T) {
	gone := func(p *fakeCluster) {
		p.world.Revisions = p.world.Revisions[:1]
		p.world.Webhooks = slices.DeleteFunc(slices.Clone(p.world.Webhooks), func(h mesh.Webhook) bool { return h.Revision == "1-31-0" })
	}
	half := func(p *fakeCluster) {
		p.world.Revisions = slices.Clone(p.world.Revisions)
		p.world.Revisions[1].Ready = 0
	}
	for _, c := range []struct {
		name, rejectsConfig string
		change              func(p *fakeCluster)
	}{
		{name: "wave 1 was moved, the revision is gone", rejectsConfig: "db-1", change: gone},
		{name: "wave 1 was moved, a part of the revision exists", rejectsConfig: "db-1", change: half},
		{name: "both waves were moved, a part of the revision exists", rejectsConfig: "web-1", change: half},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := shop()
			p.rejectsConfig = c.rejectsConfig
			if code, _, err := runOn(p, upgradeLine+" --yes"); code != exitHeld {
				t.Fatal(code, err)
			}
			l := p.ledgers["to-1-31-0"].Clone()
			p.acceptConfig()
			// The engine leaves this ledger when the install begins again and fails.
			l.Installation, l.Held, l.Reached = step.Installing, &step.Hold{Reason: "InstallFailed", Subject: "1-31-0"}, 0
			l.Approved = append([]step.Step{{Kind: step.Install, Subject: "1-31-0", To: "1.31.0"}}, l.Approved...)
			if err := p.Record("to-1-31-0").Save(t.Context(), l, engine.Summary{Phase: "Held"}); err != nil {
				t.Fatal(err)
			}
			c.change(p)
			p.run("to-1-31-0").Spec.Install.Raw = []byte(otherOperator)
			before := fmt.Sprint(l.Baseline.Bindings, l.Baseline.Revisions)
			code, out, err := runOn(p, upgradeLine+" --yes")
			if after := fmt.Sprint(p.ledgers["to-1-31-0"].Baseline.Bindings, p.ledgers["to-1-31-0"].Baseline.Revisions); before != after {
				t.Errorf("got baseline %s, want %s", after, before)
			}
			if phase := p.run("to-1-31-0").Status.Phase; code != exitDone || phase != "Completed" {
				t.Errorf("got exit code %d and phase %s, want %d and Completed: %s%s", code, phase, exitDone, err, out)
			}
			if code, _, err := runOn(p, "rollback --yes"); code != exitDone {
				t.Errorf("rollback: got exit code %d, want %d: %s", code, exitDone, err)
			}
			for _, ns := range []string{"shop-data", "shop-web"} {
				if n, _ := p.world.Namespace(ns); n.Binding().String() != l.Baseline.Bindings[ns] {
					t.Errorf("after the rollback: got label %s of %s, want %s", n.Binding(), ns, l.Baseline.Bindings[ns])
				}
			}
		})
	}
}
