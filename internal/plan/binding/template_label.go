// SPDX-License-Identifier: Apache-2.0

package binding

import (
	"cmp"
	"slices"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// BoundByOwnLabels reports whether labels of its own pods bind a workload: its namespace
// has no labels that decide, a webhook injects such a pod, and it has sidecars now, or no
// pods. A workload that has pods without sidecars is not bound.
func BoundByOwnLabels(w mesh.World, ns mesh.Namespace, wl mesh.Workload) bool {
	b := ns.Binding()
	injected := !wl.Gateway || wl.GatewayMake() == mesh.InjectedGateway
	return injected && !b.Injection.Set && !b.Revision.Set && len(w.Injectors(ns, mesh.Template{})) == 0 &&
		(wl.Injected() || Idle(w, wl)) && len(w.Injectors(ns, wl.Template)) > 0
}

// BoundByOwnLabelsTo returns the workloads with sidecars in a namespace that labels of their
// own pods bind to the revision.
func BoundByOwnLabelsTo(w mesh.World, ns mesh.Namespace, revision string) []mesh.WorkloadRef {
	var refs []mesh.WorkloadRef
	for _, wl := range w.WorkloadsIn(ns.Name) {
		if wl.Injected() && BoundByOwnLabels(w, ns, wl) && slices.Equal(w.Injectors(ns, wl.Template), []string{revision}) {
			refs = append(refs, wl.Ref())
		}
	}
	return refs
}

// StaleTemplateRevision returns, during rollback, the revision that new pods would still get
// from the template's label; nil for none. The label is restored even where no pod was
// created from it.
func StaleTemplateRevision(t step.Target, w mesh.World, wl mesh.Workload) []string {
	to, own := t.TemplateLabels[wl.Ref()]
	if !t.Rollback || !own || step.TemplateLabelOf(wl) == to || len(wl.Live()) == 0 {
		return nil
	}
	ns, _ := w.Namespace(wl.Namespace)
	return []string{cmp.Or(mesh.JoinRevisions(w.Injectors(ns, wl.Template)), "no sidecar")}
}

// RenderTemplateLabel renders the label of a template, for a workload whose controller does
// not replace its pods for it: they are evicted afterwards, or there are none.
func RenderTemplateLabel(s step.Step) (step.Change, error) {
	wl, err := mesh.ParseWorkloadRef(string(s.Subject))
	if err != nil || s.TemplateLabel == "" {
		return step.Change{}, step.NewFault(s, "it labels no template")
	}
	path := []string{"spec", "template", "metadata", "labels", mesh.RevisionLabel}
	if wl.Kind() == mesh.CronJob {
		path = append([]string{"spec", "jobTemplate"}, path...)
	}
	body := map[string]any{}
	step.SetField(body, PatchValue(s.TemplateLabel), path...)
	c, err := step.MergePatch(string(wl.Kind()), wl.Namespace(), wl.Name(), "", body)
	c.API = s.API
	return c, err
}

// PatchValue returns the label as a merge patch writes it: nil deletes it.
func PatchValue(label string) any {
	if label == step.NoLabel {
		return nil
	}
	return label
}

// LabelledByRun reports whether a workload's template is newer than its pods only because
// of the run's own label: written by the upgrade, or restored by the rollback.
func LabelledByRun(p step.Policy, wl mesh.Workload) bool {
	label, wrote := p.LabelsWritten[wl.Ref()]
	return wrote && (step.TemplateLabelOf(wl) == label || p.Started(wl))
}
