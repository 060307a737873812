// SPDX-License-Identifier: Apache-2.0

package binding

import (
	"cmp"
	"slices"
	"strings"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// BoundByOwnLabels reports whether a workload is bound by labels of its own pods: its
// namespace has none that speak, the webhooks let such a pod in, and it carries
// a sidecar today, or has no pods now. Whatever carries none stays without.
func BoundByOwnLabels(w mesh.World, ns mesh.Namespace, wl mesh.Workload) bool {
	b := ns.Binding()
	return !wl.Gateway && !b.Injection.Set && !b.Revision.Set && len(w.Injectors(ns, mesh.Template{})) == 0 &&
		(wl.Injected() || Idle(w, wl)) && len(w.Injectors(ns, wl.Template)) > 0
}

// BoundByOwnLabelsTo returns the keys of what carries a sidecar in a namespace and is bound to a
// revision by labels of its own pods.
func BoundByOwnLabelsTo(w mesh.World, ns mesh.Namespace, revision string) []mesh.WorkloadRef {
	var refs []mesh.WorkloadRef
	for _, wl := range w.In(ns.Name) {
		if wl.Injected() && BoundByOwnLabels(w, ns, wl) && slices.Equal(w.Injectors(ns, wl.Template), []string{revision}) {
			refs = append(refs, wl.Ref())
		}
	}
	return refs
}

// StaleTemplateRevision is, on the way back, where the label of a workload's own template would
// still lead its next pods: it was pinned, and no pod has come of it that would be
// moved back, since none was evicted yet, or none could be made. Its label is given
// back all the same.
func StaleTemplateRevision(t step.Target, w mesh.World, wl mesh.Workload) []string {
	to, own := t.TemplateLabels[wl.Ref()]
	if !t.Rollback || !own || step.TemplateLabelOf(wl) == to || len(wl.Live()) == 0 {
		return nil
	}
	ns, _ := w.Namespace(wl.Namespace)
	return []string{cmp.Or(strings.Join(w.Injectors(ns, wl.Template), "+"), "no sidecar")}
}

// RenderTemplateLabel renders the label of a template alone, for a workload whose controller
// does not replace its pods for it: they are evicted afterwards, or there are none.
func RenderTemplateLabel(s step.Step) (step.Change, error) {
	wl, err := mesh.ParseWorkloadRef(string(s.Subject))
	if err != nil || s.TemplateLabel == "" {
		return step.Change{}, step.NewFault(s, "it pins no template")
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

// PatchValue is the label as a merge patch writes it: nil takes it away.
func PatchValue(label string) any {
	if label == step.NoLabel {
		return nil
	}
	return label
}

// LabelledByRun reports whether what is newer in a workload's template than in its pods
// is the run's own label: written on the way forth, or given back after pods had
// been made with it.
func LabelledByRun(p step.Policy, wl mesh.Workload) bool {
	label, wrote := p.LabelsWritten[wl.Ref()]
	return wrote && (step.TemplateLabelOf(wl) == label || p.Started(wl))
}
