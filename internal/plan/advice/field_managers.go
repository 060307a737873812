// SPDX-License-Identifier: Apache-2.0

package advice

import (
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// setByTool notes a namespace whose labels another tool set. The labels are written, and the
// tool may restore the old ones, which then bind the next pods.
func setByTool(t step.Target, ns mesh.Namespace) []step.Note {
	to, written := t.Bindings[ns.Name]
	if ns.SetBy.Name == "" || ns.ManagedBy != "" || !written || keepsLabels(t, ns.Name) {
		return nil
	}
	remedy := "when its wave begins, set " + to.String() + " " + ns.SetBy.Source()
	if final, again := t.FinalBindings[ns.Name]; again && final == ns.Binding() {
		remedy = "let it write nothing until the run is complete: the run itself restores " + final.String() + " after the last wave"
	}
	return []step.Note{{
		Kind:     step.SetByTool,
		Subject:  ns.Name,
		Text:     "has labels that another tool set: Rerig writes them, and new pods get the old revision again if that tool restores them",
		Evidence: ns.Binding().String() + ", set by " + ns.SetBy.String(),
		Remedy:   remedy,
	}}
}

// setTemplate notes a template whose label another tool set.
func setTemplate(t step.Target, wl mesh.Workload) []step.Note {
	if wl.SetBy.Name == "" {
		return nil
	}
	to := mesh.BindingTo(t.TemplateLabels[wl.Ref()])
	return []step.Note{{
		Kind:     step.SetByTool,
		Subject:  string(wl.Ref()),
		Text:     "has a template label that another tool set: Rerig writes it, and pods get the old revision again if that tool restores it",
		Evidence: mesh.BindingTo(step.TemplateLabelOf(wl)).String() + ", set by " + wl.SetBy.String(),
		Remedy:   "when its wave begins, set " + to.String() + " " + wl.SetBy.Source(),
	}}
}
