// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// LabelSteps returns the gateways of a wave that istioctl installed and whose objects bear
// the label of another revision than the target's, now or later. `istioctl uninstall
// --revision` deletes the objects that bear its revision, those of gateways too
// (operator/pkg/uninstall/prune.go @1.31.0). The label of the Deployment is written last: it
// shows whether the others are written.
func LabelSteps(w mesh.World, t step.Target, g step.Wave, decide Decide) []step.Step {
	var steps []step.Step
	for _, name := range g.Namespaces {
		for _, wl := range w.WorkloadsIn(name) {
			from, want := wl.Installed.Revision, t.RevisionOf(wl)
			if !wl.ByIstioctl() || from == "" || from == want || want == "" || !decide(wl).Strategy.ParksPods() {
				continue
			}
			steps = append(steps, step.Step{Kind: step.LabelGateway, Wave: g.Number, Subject: step.Subject(wl.Ref()), From: from, To: want})
		}
	}
	return steps
}

// RenderLabel renders the label of a gateway's objects.
func RenderLabel(s step.Step, run string) (step.Change, error) {
	c, err := render(step.LabelObjects, s, run)
	c.Expect, c.Revision = s.From, s.To
	return c, err
}

// SimulateLabel predicts a gateway whose objects are labelled.
func SimulateLabel(w *mesh.World, s step.Step) {
	for i, wl := range w.Workloads {
		if wl.Ref() == s.Workload() {
			w.Workloads[i].Installed.Revision = s.To
		}
	}
}
