// SPDX-License-Identifier: Apache-2.0

package binding

import (
	"slices"
	"strings"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// MovableTags returns the tags, by which what is moved was bound, that can be moved
// after it: nobody else is bound by them, and there is one place to take them
// back to. The default is one of them. Whether they are to be moved is another
// matter, about which somebody may think again.
func MovableTags(w mesh.World, in step.Intent, b step.Baseline, namespaces []string) []string {
	var tags []string
	for tag, at := range b.Tags {
		if at != in.Revision && !SplitTag(at) && len(bystandersOf(w, tag, namespaces, nil)) == 0 {
			tags = append(tags, tag)
		}
	}
	return step.SortedUnique(tags)
}

// SplitTag reports whether the parts of a tag point to more than one revision: chart
// base's defaultRevision and chart istiod's revisionTags each move a half of the
// default, and other hands may have moved a part. Such a tag is left alone: the
// way back could not lead to where it was.
func SplitTag(at string) bool { return strings.Contains(at, "+") }

// Bystanders are those of a tag that a target moves, or would.
func Bystanders(t step.Target, w mesh.World, tag string) []mesh.WorkloadRef {
	return slices.DeleteFunc(bystandersOf(w, tag, t.Namespaces(), t.TemplateLabels), func(ref mesh.WorkloadRef) bool {
		wl, _ := w.Workload(ref)
		ns, _ := w.Namespace(wl.Namespace)
		return !wl.ForGateway() && slices.Equal(w.Injectors(ns, wl.Template), []string{t.Tags[tag]}) // of a tag that is half moved
	})
}

// bystandersOf returns the keys of the workloads that would come to another revision
// with a tag, and are not moved before it: it decides over their next pod, also
// where there is none now, and at once over what istiod renders for a Gateway.
// Those that are pinned in their templates are given, nil where each one is that
// can be: on the way forth.
func bystandersOf(w mesh.World, tag string, namespaces []string, labels map[mesh.WorkloadRef]string) []mesh.WorkloadRef {
	var refs []mesh.WorkloadRef
	for _, wl := range w.Workloads {
		ns, ok := w.Namespace(wl.Namespace)
		if !ok || !wl.Injected() && !wl.Gateway && len(wl.Live()) > 0 || !followsTag(w, tag, ns, wl) {
			continue
		}
		if !slices.Contains(namespaces, ns.Name) || !movesBeforeTag(w, ns, wl, labels) {
			refs = append(refs, wl.Ref())
		}
	}
	return refs
}

// movesBeforeTag reports whether a workload of a namespace that is moved is bound to
// a revision by name before a tag is moved: by its namespace's label, or by its own,
// which is pinned. The way back gives back only what was pinned on the way forth:
// what came since it does not move. A Gateway's own label stays as it is.
func movesBeforeTag(w mesh.World, ns mesh.Namespace, wl mesh.Workload, labels map[mesh.WorkloadRef]string) bool {
	if _, own := wl.Template.Labels[mesh.RevisionLabel]; own && wl.ForGateway() {
		return false
	}
	once := wl.Kind == mesh.Job || wl.Kind == mesh.BarePod || wl.Kind == mesh.StaticPod // nobody makes their pods anew
	_, labelled := labels[wl.Ref()]
	why, _ := TemplateLabelBlocked(wl)
	return InjectedBy(w, ns) != "" || BoundByOwnLabels(w, ns, wl) && (once || why == "" && (labelled || labels == nil))
}

// followsTag reports whether a workload is bound by a tag: by its namespace's
// labels or its own, or because istiod renders it for a Gateway that is.
func followsTag(w mesh.World, tag string, ns mesh.Namespace, wl mesh.Workload) bool {
	if !wl.ForGateway() {
		return slices.Contains(w.BoundThrough(ns, wl.Template), tag)
	}
	named, labelled := wl.Template.Labels[mesh.RevisionLabel]
	if !labelled {
		named, labelled = ns.Labels[mesh.RevisionLabel]
	}
	return named == tag || !labelled && tag == mesh.DefaultTag
}
