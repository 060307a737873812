// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"cmp"
	"fmt"

	"github.com/rerig/rerig/internal/mesh"
)

// Unswappable says why a workload cannot be moved pod by pod, "" when it can.
func Unswappable(wl mesh.Workload) string {
	switch {
	case wl.Kind == mesh.StatefulSet:
		return "a StatefulSet's pods are named: none can stand beside the one that it replaces"
	case wl.Kind == mesh.DaemonSet:
		return "a DaemonSet has one pod a node and no ReplicaSet that would make another"
	case wl.Kind == "ReplicaSet":
		return "nothing tells the pods of a bare ReplicaSet from released ones: its selector has no " + HashLabel
	case wl.Kind != mesh.Deployment:
		return "only what a Deployment's ReplicaSet owns can be moved pod by pod"
	case wl.Gateway:
		return "a gateway: gateways stay with the revision they have"
	case wl.Template.Proxy:
		return "its template carries an istio-proxy of its own (injected by hand): a replacement would bring the same one"
	case wl.Template.HostNetwork:
		return "hostNetwork pods are never injected"
	case unprovable(wl) != "":
		return unprovable(wl)
	case wl.Template.Labels[mesh.RevisionLabel] != "":
		return fmt.Sprintf("its template's own label %s chooses the revision: that takes a write to the template, which makes its pods anew", mesh.RevisionLabel)
	case wl.Unsplit != "":
		return wl.Unsplit
	case len(wl.Services) == 0:
		return "no Service selects its pods: nothing could take a pod out of use and leave it alive"
	}
	return cmp.Or(byHash(wl), byOthers(wl))
}

// byHash looks for Services that select by what a swap has to change.
func byHash(wl mesh.Workload) string {
	for _, s := range wl.Services {
		if s.Partial {
			return fmt.Sprintf("Service %s selects some of its pods, by labels that its template does not give them, and no replacement would have", s.Name)
		}
		if _, is := s.Selector[HashLabel]; is {
			return fmt.Sprintf("Service %s selects by %s, so that a released pod would no longer serve", s.Name, HashLabel)
		}
	}
	return ""
}

// way is how the user wants a workload moved, and whether a rule says so of it by
// name.
func (p Policy) way(wl mesh.Workload) (Way, bool) {
	r := p.rule(wl)
	return cmp.Or(r.Way, p.Way, ByRestart), r.Way != "" && r.Name != ""
}

// swapped is the passage of a workload that is moved pod by pod. One of which a
// swap has something in hand is finished by the swap, whatever has become of it.
func (p Policy) swapped(wl mesh.Workload) (Passage, bool) {
	if wl.Swapping() {
		return Passage{Way: BySwap, Why: "a swap has begun on it"}, true
	}
	way, named := p.way(wl)
	if way != BySwap || p.unfit(wl) != "" {
		return Passage{}, false
	}
	if named {
		return Passage{Way: BySwap, Why: "a rule says so: pod by pod, its template untouched"}, true
	}
	return Passage{Way: BySwap, Why: "pod by pod, its template untouched"}, true
}

// unswapped says why a workload is not swapped though the policy asks for it.
func (p Policy) unswapped(wl mesh.Workload) string {
	if way, named := p.way(wl); way != BySwap || named {
		return ""
	}
	return p.unfit(wl)
}

// unfit is Unswappable, and looks at what binds the workload: a template that is
// to be pinned has to be written.
func (p Policy) unfit(wl mesh.Workload) string {
	if _, own := p.Pinned[wl.Key()]; own {
		return "its pods' own labels bind it: that takes a write to its template, which makes its pods anew"
	}
	return Unswappable(wl)
}

// Swappable refuses a rule that says swap of a workload that does not fit.
func Swappable(w mesh.World, t Target) error {
	for _, g := range t.Waves {
		for _, name := range g.Namespaces {
			for _, wl := range w.In(name) {
				way, named := t.Policy.way(wl)
				if why := t.Policy.unfit(wl); named && way == BySwap && why != "" {
					return fmt.Errorf("choose how %s is moved: a rule says swap, and it cannot be: %s: take the rule away, or say restart (--workload '%s=%s')",
						wl.Key(), why, wl.Key(), ByRestart)
				}
			}
		}
	}
	return nil
}
