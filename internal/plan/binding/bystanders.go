// SPDX-License-Identifier: Apache-2.0

// Package binding plans what binds namespaces and workloads to a revision: namespace
// labels, revision tags, the default, and the labels of workloads' own templates.
package binding

import (
	"slices"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// MovableTags returns the tags of a baseline, the default among them, that can be moved
// after the given namespaces: they bind nothing else, and all their parts name one
// revision. Whether they are to be moved is the user's choice, which may change.
func MovableTags(w mesh.World, in step.Intent, b step.Baseline, namespaces []string) []string {
	var tags []string
	for tag, at := range b.Tags {
		if at != in.Revision && !SplitTag(at) && len(bystandersOf(w, in.Policy, tag, namespaces, nil)) == 0 {
			tags = append(tags, tag)
		}
	}
	return step.SortedUnique(tags)
}

// SplitTag reports whether the parts of a tag name more than one revision: chart base's
// defaultRevision and chart istiod's revisionTags each move a part of the default, and so
// may another tool. Such a tag is not moved: a rollback could not restore it.
func SplitTag(at string) bool { return len(mesh.SplitRevisions(at)) > 1 }

// Bystanders returns the workloads that a tag binds and that the target does not move: they
// would follow the tag.
func Bystanders(t step.Target, w mesh.World, tag string) []mesh.WorkloadRef {
	return slices.DeleteFunc(bystandersOf(w, t.Policy, tag, t.Namespaces(), t.TemplateLabels), func(ref mesh.WorkloadRef) bool {
		wl, _ := w.Workload(ref)
		ns, _ := w.Namespace(wl.Namespace)
		return !wl.ForGateway() && slices.Equal(w.Injectors(ns, wl.Template), []string{t.Tags[tag]}) // a part of the tag has moved already
	})
}

// bystandersOf returns the workloads that would follow a tag to another revision and are
// not moved before it. A tag binds the next pod of a workload, also where it has none
// now, and at once what istiod renders for a Gateway. labels are the templates that are
// labelled before; nil, in an upgrade: all that can be.
func bystandersOf(
	w mesh.World, p step.Policy, tag string, namespaces []string, labels map[mesh.WorkloadRef]string,
) []mesh.WorkloadRef {
	var refs []mesh.WorkloadRef
	for _, wl := range w.Workloads {
		ns, ok := w.Namespace(wl.Namespace)
		if !ok || !wl.Injected() && !wl.Gateway && len(wl.Live()) > 0 || !followsTag(w, tag, ns, wl) {
			continue
		}
		if !slices.Contains(namespaces, ns.Name) || !movesBeforeTag(w, p, ns, wl, labels) {
			refs = append(refs, wl.Ref())
		}
	}
	return refs
}

// movesBeforeTag reports whether a workload in a moved namespace is bound to a revision by
// name before the tag moves: by its namespace's label, or by its template's. A rollback
// restores only labels that the upgrade wrote. A gateway that istiod deploys is moved before
// if the run moves such gateways.
func movesBeforeTag(w mesh.World, p step.Policy, ns mesh.Namespace, wl mesh.Workload, labels map[mesh.WorkloadRef]string) bool {
	if wl.ForGateway() && wl.APIGateway.Name != "" && p.Includes(wl) {
		return p.UnmovableGateways == "" && p.RuleFor(wl).Strategy != step.Leave
	}
	if wl.ForGateway() && wl.OwnGatewayLabel().Set {
		return false
	}
	once := wl.Kind == mesh.Job || wl.Kind == mesh.BarePod || wl.Kind == mesh.StaticPod // pods are not re-created
	_, labelled := labels[wl.Ref()]
	why, _ := TemplateLabelBlocked(wl)
	return InjectedBy(w, ns) != "" || p.Includes(wl) && BoundByOwnLabels(w, ns, wl) && (once || why == "" && (labelled || labels == nil))
}

// followsTag reports whether a tag binds a workload: by its namespace's labels or its own,
// or because istiod renders it for a Gateway that the tag binds.
func followsTag(w mesh.World, tag string, ns mesh.Namespace, wl mesh.Workload) bool {
	if !wl.ForGateway() {
		return slices.Contains(w.BoundThrough(ns, wl.Template), tag)
	}
	label := w.GatewayBinding(wl)
	return label.Set && label.Value == tag || !label.Set && tag == mesh.DefaultTag
}
