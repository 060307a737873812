// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"cmp"
	"slices"
	"strings"

	"github.com/rerig/rerig/internal/mesh"
)

// unpinned stands for a template without a label istio.io/rev of its own.
const unpinned = "-"

// ownBound reports whether a workload is bound by labels of its own pods: its
// namespace has none that speak, the webhooks let such a pod in, and it carries
// a sidecar today, or has no pods now. Whatever carries none stays without.
func ownBound(w mesh.World, ns mesh.Namespace, wl mesh.Workload) bool {
	b := ns.Binding()
	return !wl.Gateway && !b.Injection.Set && !b.Revision.Set && len(w.Injectors(ns, mesh.Template{})) == 0 &&
		(wl.Injected() || idle(w, wl)) && len(w.Injectors(ns, wl.Template)) > 0
}

// ownOn returns the keys of what carries a sidecar in a namespace and is bound to a
// revision by labels of its own pods.
func ownOn(w mesh.World, ns mesh.Namespace, revision string) []string {
	var keys []string
	for _, wl := range w.In(ns.Name) {
		if wl.Injected() && ownBound(w, ns, wl) && slices.Equal(w.Injectors(ns, wl.Template), []string{revision}) {
			keys = append(keys, wl.Key())
		}
	}
	return keys
}

// pinOf is the label istio.io/rev of a workload's own template.
func pinOf(wl mesh.Workload) string { return cmp.Or(wl.Template.Labels[mesh.RevisionLabel], unpinned) }

// written are the labels that a run writes into templates on the way forth.
func (b Baseline) written(pins map[string]string) map[string]string {
	w := map[string]string{}
	for key, found := range b.Pins {
		if label, own := pins[key]; own && label != found {
			w[key] = label
		}
	}
	return w
}

// repinned reports whether what is newer in a workload's template than in its pods
// is the run's own label: written on the way forth, or given back after pods had
// been made with it.
func (p Policy) repinned(wl mesh.Workload) bool {
	label, wrote := p.Written[wl.Key()]
	return wrote && (pinOf(wl) == label || p.begun(wl))
}

// Template is what a workload's template is once the step has pinned it.
func (s Step) Template(t mesh.Template) mesh.Template {
	if s.Pin != "" {
		t.Labels = repinned(t.Labels, s.Pin)
	}
	return t
}

// Unlabelled reports whether a workload's template has yet to be given the label
// that the step pins it with.
func (s Step) Unlabelled(wl mesh.Workload) bool { return s.Pin != "" && pinOf(wl) != s.Pin }

// astray is, on the way back, where the label of a workload's own template would
// still lead its next pods: it was pinned, and no pod has come of it that would be
// moved back, since none was evicted yet, or none could be made. Its label is given
// back all the same.
func (t Target) astray(w mesh.World, wl mesh.Workload) []string {
	to, own := t.Pins[wl.Key()]
	if !t.Back || !own || pinOf(wl) == to || len(wl.Live()) == 0 {
		return nil
	}
	ns, _ := w.Namespace(wl.Namespace)
	return []string{cmp.Or(strings.Join(w.Injectors(ns, wl.Template), "+"), "no sidecar")}
}

// Returns reports whether a step gives a template its label back under pods that
// are as they should be. It waits for no room: what it puts back is a rollout that
// is under way, and found none.
func (s Step) Returns(wl mesh.Workload) bool {
	return s.Unlabelled(wl) && len(wl.Live()) > 0 && len(lagging(wl, s.To)) == 0
}

// repin renders the label of a template alone, for a workload whose controller
// does not replace its pods for it: they are evicted afterwards, or there are none.
func repin(s Step) (Change, error) {
	kind, name, _ := strings.Cut(s.Subject, " ")
	namespace, name, ok := strings.Cut(name, "/")
	if !ok || s.Pin == "" {
		return Change{}, fault(s, "it pins no template")
	}
	path := []string{"spec", "template", "metadata", "labels", mesh.RevisionLabel}
	if mesh.Kind(kind) == mesh.CronJob {
		path = append([]string{"spec", "jobTemplate"}, path...)
	}
	body := map[string]any{}
	put(body, pin(s.Pin), path...)
	c, err := merge(kind, namespace, name, "", body)
	c.API = s.API
	return c, err
}

// pin is the label as a merge patch writes it: nil takes it away.
func pin(label string) any {
	if label == unpinned {
		return nil
	}
	return label
}
