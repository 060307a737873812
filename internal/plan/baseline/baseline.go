// SPDX-License-Identifier: Apache-2.0

// Package baseline records the mesh when a run begins, and extends that record when more
// comes to be moved.
package baseline

import (
	"maps"
	"slices"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/binding"
	"github.com/rerig/rerig/internal/step"
)

// New returns the baseline of a World for the namespaces that will be moved, with the
// sidecars of every other workload too. What was moved to the target from Intent.From
// without this run counts as being on Intent.From.
func New(w mesh.World, in step.Intent, namespaces []string) step.Baseline {
	b := step.Baseline{Bindings: map[string]string{}, Revisions: map[step.BoundRef]string{}, Sidecars: map[mesh.WorkloadRef]string{},
		TemplateLabels: map[mesh.WorkloadRef]string{}, GatewayLabels: map[mesh.WorkloadRef]string{}, Rendered: map[mesh.WorkloadRef]string{},
		Fronts: map[mesh.WorkloadRef]mesh.Front{},
		Tag:    map[step.BoundRef]string{}, Tags: map[string]string{}, Versions: map[string]string{}}
	for _, r := range w.Revisions {
		b.Versions[r.Name] = r.Version
	}
	for _, name := range namespaces {
		if ns, ok := w.Namespace(name); ok {
			noteNamespace(b, w, in, ns)
		}
	}
	for _, wl := range w.Workloads {
		if wl.Injected() || wl.Gateway {
			moved := (slices.Contains(namespaces, wl.Namespace) || slices.Contains(namespaces, string(wl.Ref()))) && in.Policy.Includes(wl)
			if moved && wl.GatewayMake() == mesh.RenderedGateway {
				b.Rendered[wl.Ref()] = wl.Template.Deployed()
			}
			if moved && wl.Gateway {
				b.Fronts[wl.Ref()] = wl.Front()
			}
			if moved && wl.APIGateway.Name != "" {
				noteGateway(b, w, in, wl)
			}
			b.Sidecars[wl.Ref()] = revisionBefore(in, moved, mesh.JoinRevisions(wl.Sidecars()))
		}
	}
	for _, tag := range step.SortedUnique(slices.Collect(maps.Values(b.Tag))) {
		b.Tags[tag] = mesh.JoinRevisions(w.TagRevisions(tag))
	}
	noteUnusedTags(b, w, in)
	b.MovedTags = binding.MovableTags(w, in, b, namespaces)
	return b
}

// revisionBefore returns the revision that counts as the baseline where an upgrade was
// begun without this run.
func revisionBefore(in step.Intent, moved bool, found string) string {
	if moved && in.From != "" && found == in.Revision {
		return in.From
	}
	return found
}

// noteNamespace records a namespace, and the workloads in it that their own labels bind.
func noteNamespace(b step.Baseline, w mesh.World, in step.Intent, ns mesh.Namespace) {
	b.Bindings[ns.Name] = ns.Binding().String()
	now := binding.InjectedBy(w, ns)
	b.Revisions[step.BoundNamespace(ns.Name)] = revisionBefore(in, true, now)
	if b.Revisions[step.BoundNamespace(ns.Name)] != now {
		b.Bindings[ns.Name] = mesh.BindingTo(in.From).String()
	} else if tag := w.TagOf(ns, mesh.Template{}); tag != "" {
		b.Tag[step.BoundNamespace(ns.Name)] = tag
	}
	if now != "" || ns.Binding().Injection.Set {
		return
	}
	for _, wl := range w.WorkloadsIn(ns.Name) {
		if in.Policy.Includes(wl) && binding.BoundByOwnLabels(w, ns, wl) {
			noteWorkload(b, w, in, ns, wl)
		}
	}
}

// noteGateway notes the label of a Gateway for which istiod deploys a workload, and the tag
// that binds it.
func noteGateway(b step.Baseline, w mesh.World, in step.Intent, wl mesh.Workload) {
	label := wl.APIGateway.Label
	switch {
	case !label.Set:
		b.GatewayLabels[wl.Ref()] = step.NoLabel
	case in.From != "" && label.Value == in.Revision:
		b.GatewayLabels[wl.Ref()] = in.From
	default:
		b.GatewayLabels[wl.Ref()] = label.Value
	}
	if tag := binding.TagOfGateway(w, wl); tag != "" {
		b.Tag[step.BoundWorkload(wl.Ref())] = tag
	}
}

// noteWorkload records a workload that its own labels bind.
func noteWorkload(b step.Baseline, w mesh.World, in step.Intent, ns mesh.Namespace, wl mesh.Workload) {
	b.TemplateLabels[wl.Ref()] = step.TemplateLabelOf(wl)
	by := mesh.JoinRevisions(w.Injectors(ns, wl.Template))
	b.Revisions[step.BoundWorkload(wl.Ref())] = revisionBefore(in, true, by)
	if tag := w.TagOf(ns, wl.Template); tag != "" {
		b.Tag[step.BoundWorkload(wl.Ref())] = tag
	}
	if b.Revisions[step.BoundWorkload(wl.Ref())] != by {
		b.TemplateLabels[wl.Ref()] = in.From
		delete(b.Tag, step.BoundWorkload(wl.Ref()))
	}
}

// noteUnusedTags records, where a revision is to be removed, the other tags that name
// it, and the default or its validator: unless they are moved as well, they prevent the
// removal.
func noteUnusedTags(b step.Baseline, w mesh.World, in step.Intent) {
	if !in.Remove {
		return
	}
	olds := []string{in.From}
	for _, revisions := range b.Revisions {
		olds = append(olds, mesh.SplitRevisions(revisions)...)
	}
	names := []string{mesh.DefaultTag}
	for _, t := range w.Tags {
		names = append(names, t.Name)
	}
	for _, name := range step.SortedUnique(names) {
		at := w.TagRevisions(name)
		if _, known := b.Tags[name]; known {
			continue
		}
		if slices.ContainsFunc(at, func(r string) bool { return r != "" && r != in.Revision && slices.Contains(olds, r) }) {
			b.Tags[name] = mesh.JoinRevisions(at)
		}
	}
}
