// SPDX-License-Identifier: Apache-2.0

package strategy

import (
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/binding"
	"github.com/rerig/rerig/internal/step"
)

// LabelTemplateSteps returns the workloads of a wave whose template is labelled without a
// restart: CronJobs, and workloads without pods.
func LabelTemplateSteps(w mesh.World, t step.Target, g step.Wave) []step.Step {
	var steps []step.Step
	for _, name := range g.Namespaces {
		for _, wl := range w.WorkloadsIn(name) {
			to, own := t.TemplateLabels[wl.Ref()]
			p := Decide(t.Policy, wl)
			if !own || step.TemplateLabelOf(wl) == to || p.Strategy != step.Automatic && (!p.Moves() || len(wl.Live()) > 0) {
				continue
			}
			steps = append(steps, step.Step{
				Kind: step.LabelTemplate, Wave: g.Number, Subject: step.Subject(wl.Ref()),
				From: binding.DescribeLabel(step.TemplateLabelOf(wl)), To: binding.DescribeLabel(to), API: wl.APIVersion, TemplateLabel: to,
			})
		}
	}
	return steps
}
