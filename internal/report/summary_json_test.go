// SPDX-License-Identifier: Apache-2.0

package report

import (
	"strings"
	"testing"

	"github.com/rerig/rerig/internal/command"
	"github.com/rerig/rerig/internal/engine"
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/report/format"
	"github.com/rerig/rerig/internal/report/reporttest"
	"github.com/rerig/rerig/internal/step"
)

func TestSummaryObjectHasEveryListedWorkload(t *testing.T) {
	for _, c := range []struct {
		name    string
		summary Summary
	}{
		{name: "bound by a label of its pods", summary: summaryOfPodLabel()},
		{name: "one wave rolled back", summary: summaryOfRevertedWave()},
	} {
		t.Run(c.name, func(t *testing.T) {
			text, _, _ := strings.Cut(c.summary.Text(format.Style{}), "CONTROL PLANE")
			object, err := JSON(c.summary.Object(), command.Flags{})
			if err != nil {
				t.Fatal(err)
			}
			count := 0
			for _, wl := range c.summary.World.Workloads {
				if !strings.Contains(text, string(wl.Ref())) {
					continue
				}
				if count++; !strings.Contains(object, `"`+string(wl.Ref())+`"`) {
					t.Errorf("%s: got no entry, want one in:\n%s", wl.Ref(), object)
				}
			}
			if count == 0 {
				t.Errorf("listed workloads: got none, want some in:\n%s", text)
			}
		})
	}
}

// summaryOfPodLabel is the summary of a run with a workload that is bound by the label
// of its own pods.
func summaryOfPodLabel() Summary {
	const run = "to-1-31-0"
	label := map[string]string{mesh.RevisionLabel: "1-31-0"}
	pod := mesh.Pod{
		Name: "cart-0", UID: "u", Running: true, Ready: true, Current: true, Sidecar: mesh.Sidecar{Present: true, Revision: "1-31-0"},
	}
	wl := mesh.Workload{
		Kind: mesh.Deployment, Namespace: "shop-own", Name: "cart", Replicas: 1, Template: mesh.Template{Labels: label}, Pods: []mesh.Pod{pod},
	}
	baseline := step.Baseline{
		Bindings: map[string]string{"shop-own": "none"}, Sidecars: map[mesh.WorkloadRef]string{wl.Ref(): "1-29-1"},
		TemplateLabels: map[mesh.WorkloadRef]string{wl.Ref(): "1-29-1"},
		Revisions:      map[step.BoundRef]string{"shop-own": "", step.BoundWorkload(wl.Ref()): "1-29-1"},
	}
	return Summary{
		Run: run, Outcome: engine.Completed, Intent: reporttest.Intent,
		World:  mesh.World{Namespaces: []mesh.Namespace{{Name: "shop-own"}}, Workloads: []mesh.Workload{wl}},
		Ledger: step.Ledger{Waves: [][]string{{"shop-own"}}, Started: reporttest.Noon, Baseline: baseline},
		Target: step.Target{
			Run: run, Waves: []step.Wave{{Number: 1, Namespaces: []string{"shop-own"}}},
			WorkloadRevisions: map[mesh.WorkloadRef]string{wl.Ref(): "1-31-0"},
		},
	}
}

func summaryOfRevertedWave() Summary {
	g := summaryOf(finished())
	g.Outcome = engine.Held
	g.Intent.RollbackOnFailure = true
	g.Ledger.Revert, g.Ledger.Held = 1, &step.Hold{Reason: "WaveReverted", Wave: 1}
	g.Target = plan.RollbackTarget(g.Intent, g.Ledger, 1)
	return g
}
