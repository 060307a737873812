// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/rerig/rerig/internal/mesh"
)

// Forward is the target that an intent asks for. The waves of a run that was
// begun stand, and so does what it found; for one that begins the namespaces are
// selected and divided now. An error is a request that cannot be met: it says
// what was found and what to do. A run that was begun has a target all the same,
// and Gone is its only error.
func Forward(w mesh.World, in Intent, l Ledger) (Target, error) {
	t := Target{Run: in.Run, Revision: in.Revision, Version: in.Version, Soak: in.Soak, Policy: in.Policy, From: in.From,
		Bindings: map[string]mesh.Binding{}, Revisions: map[string]string{},
		Works: map[string]string{}, Pins: map[string]string{}, Tags: map[string]string{}, Final: map[string]mesh.Binding{}}
	waves, begins := l.Waves, l.Waves == nil
	none := nowhere(w, in, begins)
	if begins && none != nil {
		return t, none
	}
	t.Found = l.Baseline
	if begins {
		if err := Whence(w, in); err != nil {
			return t, err
		}
		selected, err := selection(w, in)
		if err != nil {
			return t, err
		}
		if waves, err = division(w, in, selected); err != nil {
			return t, err
		}
		t.Found = Found(w, in, selected)
	}
	t.Policy.Pinned = t.Pins
	if in.Tags != KeepTags {
		for _, tag := range t.Found.Moved {
			t.Tags[tag] = in.Revision
		}
	}
	for i, wave := range waves {
		t.Waves = append(t.Waves, Group{Wave: i + 1, Namespaces: wave})
		for _, name := range wave {
			t.aim(w, in, name)
		}
	}
	t.Policy.Written = t.Found.written(t.Pins)
	if !begins {
		return t, none
	}
	return t, cmp.Or(Met(w, in.Policy.Rules), Swappable(w, t))
}

// aim says what becomes of one namespace. One that labels bind is pinned to the
// revision, unless a tag leads it there already; in one that none binds, the
// workloads are that their own labels bind. One that came once its tag had been
// moved is led there, too.
func (t Target) aim(w mesh.World, in Intent, name string) {
	ns, _ := w.Namespace(name)
	if t.Found.Revisions[name] != "" {
		t.Bindings[name], t.Revisions[name] = mesh.Pinned(in.Revision), in.Revision
		if t.Found.Through[name] != "" && t.Found.Revisions[name] == in.Revision && in.Labels != Explicit {
			t.Bindings[name], _ = mesh.ParseBinding(t.Found.Bindings[name])
			return
		}
		if _, moves := t.Tags[t.Found.Through[name]]; moves && in.Labels != Explicit {
			t.Final[name], _ = mesh.ParseBinding(t.Found.Bindings[name])
		}
		return
	}
	for _, wl := range w.In(name) {
		_, own := t.Found.Pins[wl.Key()]
		if !own && !ownBound(w, ns, wl) {
			continue
		}
		t.Works[wl.Key()] = in.Revision
		if own || !slices.Equal(w.Injectors(ns, wl.Template), []string{in.Revision}) {
			t.Pins[wl.Key()] = in.Revision
		}
	}
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
			if in.Selector.Matches(ns.Labels) && ns.Name != w.RootNamespace && bindable(w, ns) {
				names = append(names, ns.Name)
			}
		}
	}
	names = sorted(names)
	if len(names) == 0 {
		return nil, fmt.Errorf("select namespaces: the selector matches no namespace that is bound to a revision, or that holds workloads that are")
	}
	if !slices.ContainsFunc(names, func(name string) bool { return elsewhere(w, in, name) }) {
		return nil, inPlace(w, in, names)
	}
	return names, served(w, names, in.Revision)
}

// elsewhere reports whether a namespace is not wholly on a revision yet, or was
// moved to it by other hands from where the intent says.
func elsewhere(w mesh.World, in Intent, name string) bool {
	ns, _ := w.Namespace(name)
	now := serving(w, ns)
	return now != in.Revision && (now != "" || bound(ns)) || behind(w, in, name) || in.From != "" && (now == in.Revision || len(ownOn(w, ns, in.Revision)) > 0)
}

// everything selects what no one had to name: each namespace that is bound to
// another revision, by its labels or by default, or whose sidecars are still of
// another one. Those in which nothing but gateways runs stay, as their gateways
// do; so do those that the default would inject into and that hold nothing.
func everything(w mesh.World, in Intent) ([]string, error) {
	names := candidates(w, in)
	if len(names) == 0 {
		return nil, inPlace(w, in, nil)
	}
	return names, served(w, names, in.Revision)
}

func candidates(w mesh.World, in Intent) []string {
	var names []string
	for _, ns := range w.Namespaces {
		if ns.Name == w.RootNamespace || gatewaysOnly(w, ns.Name) || !bindable(w, ns) {
			continue
		}
		if !bound(ns) && !holds(w, ns.Name) && !slices.ContainsFunc(w.In(ns.Name), func(wl mesh.Workload) bool { return ownBound(w, ns, wl) }) {
			continue
		}
		if elsewhere(w, in, ns.Name) {
			names = append(names, ns.Name)
		}
	}
	return names
}

// bound reports whether the namespace's own labels ask for injection.
func bound(ns mesh.Namespace) bool {
	b := ns.Binding()
	if b.Injection.Set {
		return b.Injection.Value == "enabled"
	}
	return b.Revision.Set
}

// bindable reports whether pods of a namespace come to a revision: by its labels,
// by default, or by labels of their own.
func bindable(w mesh.World, ns mesh.Namespace) bool {
	return bound(ns) || serving(w, ns) != "" ||
		slices.ContainsFunc(w.In(ns.Name), func(wl mesh.Workload) bool { return ownBound(w, ns, wl) })
}

// holds reports whether anything in a namespace carries a sidecar.
func holds(w mesh.World, namespace string) bool {
	return slices.ContainsFunc(w.In(namespace), func(wl mesh.Workload) bool { return !wl.Gateway && wl.Injected() })
}

// serving returns the revision that injects into a namespace by its labels
// alone; several are joined with "+", none is "".
func serving(w mesh.World, ns mesh.Namespace) string {
	return strings.Join(w.Injectors(ns, mesh.Template{}), "+")
}

// behind reports whether some workload of the namespace would be moved, or has been
// left in the middle of a swap.
func behind(w mesh.World, in Intent, namespace string) bool {
	ns, _ := w.Namespace(namespace)
	for _, wl := range w.In(namespace) {
		if serving(w, ns) == "" && !ownBound(w, ns, wl) {
			continue
		}
		p, by := in.Policy.Passage(wl), w.Injectors(ns, wl.Template)
		if p.Moves() && len(others(wl, in.Revision)) > 0 || wl.Swapping() {
			return true
		}
		if (p.Way == ByItself || p.Moves() && idle(w, wl)) && pinnable(wl, in.Revision) && ownBound(w, ns, wl) && !slices.Equal(by, []string{in.Revision}) {
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
			for _, wl := range w.In(name) {
				if ownBound(w, ns, wl) {
					list = append(list, w.Injectors(ns, wl.Template)...)
				}
			}
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
	case !bindable(w, ns):
		return fmt.Errorf("select namespaces: namespace %q is not bound to a revision by its own labels (%s), nor by default, nor is any workload in it: label it with %s first, or leave it out", name, ns.Binding(), mesh.RevisionLabel)
	}
	return nil
}
