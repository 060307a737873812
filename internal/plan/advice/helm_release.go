// SPDX-License-Identifier: Apache-2.0

package advice

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/strategy"
	"github.com/rerig/rerig/internal/step"
)

// releaseNote notes who writes a template that a Helm release manages, false for any other.
func releaseNote(t step.Target, wl mesh.Workload) (step.Note, bool) {
	namespace, name, is := wl.HelmReleaseName()
	if !is {
		return step.Note{}, false
	}
	held := strategy.Decide(t.Policy, wl).Strategy == step.ByHold
	r, label := wl.Release, strings.TrimPrefix(t.TemplateLabels[wl.Ref()], step.NoLabel)
	if held && r.Writes() {
		n := step.Note{
			Kind:    step.ByHelm,
			Subject: string(wl.Ref()),
			Text: fmt.Sprintf("has a template that %s renders: it is upgraded with %s=%s while the rollout is held, with the same chart "+
				"and otherwise the same values", r, cmp.Or(r.Value, "the revision"), label),
			Evidence: "chart " + r.Chart,
		}
		if r.Busy != "" {
			n.Text = "has a template that " + r.String() + " renders, which cannot be upgraded now: " + r.Busy
			n.Evidence = ""
		}
		return n, true
	}
	n := step.Note{
		Kind:     step.ForCommit,
		Subject:  string(wl.Ref()),
		Text:     "has a template that another tool manages: its next upgrade restores the old label, and new pods get the old revision again",
		Evidence: "managed by " + wl.ManagedBy,
		Remedy: fmt.Sprintf("when its wave begins, upgrade it with the value that renders %s as well, for chart gateway "+
			"`helm upgrade %s CHART -n %s --reuse-values --set revision=%s`, with the chart's present version",
			mesh.BindingTo(t.TemplateLabels[wl.Ref()]), name, namespace, label),
	}
	if held && r.Unfit != "" {
		n.Evidence += ", which Rerig does not upgrade: " + r.Unfit
	}
	return n, true
}
