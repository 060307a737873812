// SPDX-License-Identifier: Apache-2.0

package report

import (
	"strings"
	"testing"

	"github.com/rerig/rerig/internal/engine"
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/report/format"
	"github.com/rerig/rerig/internal/step"
)

// The page for programs has the workloads that the one for people has: those that
// their pods' own label binds, and, once a wave was put back, those of the others.
func TestThePageForProgramsHasEveryWorkload(t *testing.T) {
	own := mesh.Workload{Kind: mesh.Deployment, Namespace: "shop-own", Name: "cart", Replicas: 1, Template: mesh.Template{Labels: map[string]string{mesh.RevisionLabel: "1-31-0"}},
		Pods: []mesh.Pod{{Name: "cart-0", UID: "u", Running: true, Ready: true, Current: true, Sidecar: mesh.Sidecar{Present: true, Revision: "1-31-0"}}}}
	l := step.Ledger{Waves: [][]string{{"shop-own"}}, Started: noon, Baseline: step.Baseline{Bindings: map[string]string{"shop-own": "none"},
		Sidecars: map[string]string{own.Key(): "1-29-1"}, TemplateLabels: map[string]string{own.Key(): "1-29-1"}, Revisions: map[string]string{"shop-own": "", own.Key(): "1-29-1"}}}
	w := mesh.World{Namespaces: []mesh.Namespace{{Name: "shop-own"}}, Workloads: []mesh.Workload{own}}
	target := step.Target{Run: intent.Run, Waves: []step.Wave{{Number: 1, Namespaces: []string{"shop-own"}}}, WorkloadRevisions: map[string]string{own.Key(): "1-31-0"}}
	whole := Summary{Run: intent.Run, Outcome: engine.Completed, Intent: intent, World: w, Target: target, Ledger: l}
	w, l = finished(t)
	back := intent
	back.RollbackOnFailure = true
	l.Revert, l.Held = 1, &step.Hold{Reason: "WaveReverted", Wave: 1}
	reverted := Summary{Run: intent.Run, Outcome: engine.Held, Intent: back, World: w, Target: plan.RollbackTarget(back, l, 1), Ledger: l}
	for name, g := range map[string]Summary{"pods' own label": whole, "a wave was put back": reverted} {
		people, _, _ := strings.Cut(g.Text(format.Style{}), "CONTROL PLANE")
		programs, err := JSON(g.Object())
		if err != nil {
			t.Fatal(err)
		}
		shown := 0
		for _, wl := range g.World.Workloads {
			if !strings.Contains(people, wl.Key()) {
				continue
			}
			if shown++; !strings.Contains(programs, `"`+wl.Key()+`"`) {
				t.Errorf("%s: %s is left out:\n%s", name, wl.Key(), programs)
			}
		}
		if shown == 0 {
			t.Errorf("%s: nobody is shown:\n%s", name, people)
		}
	}
}
