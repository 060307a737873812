// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rerig/rerig/internal/mesh"
)

// Forward is the target that an intent asks for. waves are those of a run that
// was begun, whose selection stands; without them the namespaces are selected
// and divided now. An error is a request that cannot be met: it says what was
// found and what to do.
func Forward(w mesh.World, in Intent, waves [][]string) (Target, error) {
	t := Target{Run: in.Run, Revision: in.Revision, Version: in.Version, Soak: in.Soak, Policy: in.Policy,
		Bindings: map[string]mesh.Binding{}, Revisions: map[string]string{}}
	if len(w.Revisions) == 0 {
		return t, fmt.Errorf("find the mesh: no Istio control plane was found (no istiod in namespace %s, no injection webhook): name its namespace with --istio-namespace", w.RootNamespace)
	}
	if _, there := w.Revision(in.Revision); !there && !in.Installable {
		return t, fmt.Errorf("find revision %s: the cluster has %s: say how it is brought up (--operator FILE, --chart CHART, or --await), or correct its name", in.Revision, names(w))
	}
	if waves == nil {
		selected, err := selection(w, in)
		if err != nil {
			return t, err
		}
		if waves, err = division(w, in, selected); err != nil {
			return t, err
		}
	}
	for i, wave := range waves {
		t.Waves = append(t.Waves, Group{Wave: i + 1, Namespaces: wave})
		for _, ns := range wave {
			t.Bindings[ns], t.Revisions[ns] = mesh.Pinned(in.Revision), in.Revision
		}
	}
	return t, nil
}

// selection returns the namespaces that an intent means, sorted.
func selection(w mesh.World, in Intent) ([]string, error) {
	names := slices.Clone(in.Names)
	if len(in.Names) == 0 && in.Selector == nil {
		names = slices.Concat(in.Waves...)
	}
	if len(names) == 0 && in.Selector == nil {
		return everything(w, in)
	}
	for _, name := range names {
		if err := named(w, name); err != nil {
			return nil, err
		}
	}
	if in.Selector != nil {
		for _, ns := range w.Namespaces {
			if in.Selector.Matches(ns.Labels) && bound(ns) {
				names = append(names, ns.Name)
			}
		}
	}
	names = sorted(names)
	if len(names) == 0 {
		return nil, fmt.Errorf("select namespaces: the selector matches no namespace that is bound to a revision by its own labels")
	}
	if !slices.ContainsFunc(names, func(name string) bool { return elsewhere(w, in, name) }) {
		return nil, fmt.Errorf("select namespaces: nothing to move: revision %s is the one in use in %s", in.Revision, strings.Join(names, ", "))
	}
	return names, served(w, names, in.Revision)
}

// elsewhere reports whether a namespace is not wholly on a revision yet.
func elsewhere(w mesh.World, in Intent, name string) bool {
	ns, _ := w.Namespace(name)
	return serving(w, ns) != in.Revision || behind(w, in, name)
}

// everything selects what no one had to name: each namespace that its own labels
// bind to another revision, or whose sidecars are still of another one. Those in
// which nothing but gateways runs stay, as their gateways do.
func everything(w mesh.World, in Intent) ([]string, error) {
	var names []string
	for _, ns := range w.Namespaces {
		if !bound(ns) || ns.Name == w.RootNamespace || gatewaysOnly(w, ns.Name) {
			continue
		}
		if elsewhere(w, in, ns.Name) {
			names = append(names, ns.Name)
		}
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("select namespaces: nothing to move: no namespace is bound by its own labels to a revision other than %s", in.Revision)
	}
	return names, served(w, names, in.Revision)
}

// bound reports whether the namespace's own labels ask for injection.
func bound(ns mesh.Namespace) bool {
	b := ns.Binding()
	if b.Injection.Set {
		return b.Injection.Value == "enabled"
	}
	return b.Revision.Set
}

// serving returns the revision that injects into a namespace by its labels
// alone; several are joined with "+", none is "".
func serving(w mesh.World, ns mesh.Namespace) string {
	return strings.Join(w.Injectors(ns, mesh.Template{}), "+")
}

// behind reports whether a restart would move some workload of the namespace.
func behind(w mesh.World, in Intent, namespace string) bool {
	for _, wl := range w.In(namespace) {
		if in.Policy.Passage(wl).Moves() && len(others(wl, in.Revision)) > 0 {
			return true
		}
	}
	return false
}

// names lists the revisions that are there.
func names(w mesh.World) string {
	var list []string
	for _, r := range w.Revisions {
		list = append(list, r.Name)
	}
	return strings.Join(list, ", ")
}

// Serving returns the revisions that a target's namespaces are bound to now.
func Serving(w mesh.World, t Target) []string {
	var list []string
	for _, g := range t.Waves {
		for _, name := range g.Namespaces {
			ns, _ := w.Namespace(name)
			list = append(list, w.Injectors(ns, mesh.Template{})...)
		}
	}
	return sorted(list)
}

func named(w mesh.World, name string) error {
	ns, ok := w.Namespace(name)
	switch {
	case !ok:
		return fmt.Errorf("select namespaces: there is no namespace %q: see `kubectl get namespaces`", name)
	case name == w.RootNamespace:
		return fmt.Errorf("select namespaces: %s is the control plane's own namespace and is not moved", name)
	case !bound(ns):
		return fmt.Errorf("select namespaces: namespace %q is not bound to a revision by its own labels (%s): label it with %s first, or leave it out", name, ns.Binding(), mesh.RevisionLabel)
	}
	return nil
}
