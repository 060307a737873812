// SPDX-License-Identifier: Apache-2.0

package selection

import (
	"errors"
	"fmt"
	"slices"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/binding"
	"github.com/rerig/rerig/internal/plan/strategy"
	"github.com/rerig/rerig/internal/step"
)

// Namespaces returns the namespaces that an intent selects, sorted. An error says which
// part of the selection cannot be followed.
func Namespaces(w mesh.World, in step.Intent) ([]string, error) {
	names := slices.Clone(in.Namespaces)
	if len(in.Namespaces) == 0 && in.Selector == nil {
		names = slices.Concat(in.Waves...)
	}
	if err := validateExcluded(w, in.Exclude); err != nil {
		return nil, err
	}
	if len(names) == 0 && in.Selector == nil {
		return allBound(w, in)
	}
	names = slices.DeleteFunc(names, in.Excludes)
	for _, name := range names {
		if err := validateNamed(w, name); err != nil {
			return nil, err
		}
	}
	if in.Selector != nil {
		for _, ns := range w.Namespaces {
			if in.Selector.Matches(ns.Labels) && !outside(w, in, ns) && isBound(w, ns) {
				names = append(names, ns.Name)
			}
		}
	}
	names = step.SortedUnique(names)
	switch {
	case len(names) == 0 && in.Selector == nil:
		return nil, errors.New("select namespaces: every namespace that is named is excluded as well (--exclude-namespace)")
	case len(names) == 0:
		return nil, errors.New(
			"select namespaces: the selector matches no namespace that is bound to a revision, or that has workloads which are" +
				otherMeshesLeftOut(w),
		)
	}
	if !slices.ContainsFunc(names, func(name string) bool { return NeedsMove(w, in, name) }) && len(renderedGateways(w, in, names)) == 0 {
		return nil, nothingToMove(w, in, names)
	}
	return names, Validate(w, names, in)
}

// NeedsMove reports whether a namespace is not completely on the revision, or was moved
// to it from Intent.From without this run.
func NeedsMove(w mesh.World, in step.Intent, name string) bool {
	ns, _ := w.Namespace(name)
	now := binding.InjectedBy(w, ns)
	if now != in.Revision && (now != "" || binding.Labelled(ns)) || hasOutdated(w, in, name) {
		return true
	}
	return in.From != "" && (now == in.Revision || len(binding.BoundByOwnLabelsTo(w, ns, in.Revision)) > 0)
}

// allBound selects every namespace that is bound to another revision, by its labels or
// by default, or has sidecars of another one. It leaves out namespaces with nothing but
// gateways that are not moved, and empty ones that only the default binds. There may be none
// where a gateway that istioctl installed is moved.
func allBound(w mesh.World, in step.Intent) ([]string, error) {
	names := Candidates(w, in)
	if len(names) == 0 && len(renderedGateways(w, in, names)) == 0 {
		return nil, nothingToMove(w, in, nil)
	}
	return names, Validate(w, names, in)
}

// outside reports whether a namespace is not moved unless it is named: the root namespace,
// one of another mesh, one that is excluded, and one where a label selects no revision and
// nothing runs.
func outside(w mesh.World, in step.Intent, ns mesh.Namespace) bool {
	return ns.Name == w.RootNamespace || ns.Mesh != "" || in.Excludes(ns.Name) || StaleLabel(w, ns)
}

// StaleLabel reports whether the labels of a namespace ask for injection, no webhook selects
// them, and nothing runs there.
func StaleLabel(w mesh.World, ns mesh.Namespace) bool {
	runs := func(wl mesh.Workload) bool { return wl.Replicas > 0 || len(wl.Live()) > 0 || wl.Kind == mesh.CronJob }
	return binding.Labelled(ns) && len(w.Injectors(ns, mesh.Template{})) == 0 && !slices.ContainsFunc(w.WorkloadsIn(ns.Name), runs)
}

func Candidates(w mesh.World, in step.Intent) []string {
	var names []string
	for _, ns := range w.Namespaces {
		if outside(w, in, ns) || nothingIncluded(w, in.Policy, ns.Name) || !isBound(w, ns) {
			continue
		}
		ownLabels := func(wl mesh.Workload) bool { return in.Policy.Includes(wl) && boundByItself(w, ns, wl) }
		if !binding.Labelled(ns) && !HasSidecars(w, in.Policy, ns.Name) && !slices.ContainsFunc(w.WorkloadsIn(ns.Name), ownLabels) {
			continue
		}
		if NeedsMove(w, in, ns.Name) {
			names = append(names, ns.Name)
		}
	}
	return names
}

// isBound reports whether a revision injects pods of a namespace: by its labels, by
// default, or by labels of their own.
func isBound(w mesh.World, ns mesh.Namespace) bool {
	return binding.Labelled(ns) || binding.InjectedBy(w, ns) != "" ||
		slices.ContainsFunc(w.WorkloadsIn(ns.Name), func(wl mesh.Workload) bool { return boundByItself(w, ns, wl) })
}

// boundByItself reports whether a workload is bound to a revision by its own labels, or by
// the Gateway for which istiod deploys it.
func boundByItself(w mesh.World, ns mesh.Namespace, wl mesh.Workload) bool {
	return binding.BoundByOwnLabels(w, ns, wl) || binding.BoundByGateway(ns, wl)
}

// HasSidecars reports whether any workload of a namespace that may be moved has a sidecar.
func HasSidecars(w mesh.World, p step.Policy, namespace string) bool {
	return slices.ContainsFunc(w.WorkloadsIn(namespace), func(wl mesh.Workload) bool { return p.Includes(wl) && wl.Injected() })
}

// hasOutdated reports whether a workload of a namespace would be moved, or is in the
// middle of a swap.
func hasOutdated(w mesh.World, in step.Intent, namespace string) bool {
	ns, _ := w.Namespace(namespace)
	for _, wl := range w.WorkloadsIn(namespace) {
		if binding.InjectedBy(w, ns) == "" && !boundByItself(w, ns, wl) {
			continue
		}
		p, by := strategy.Decide(in.Policy, wl), w.Injectors(ns, wl.Template)
		if p.Moves() && len(strategy.RevisionsToReplace(wl, in.Revision)) > 0 || wl.Swapping() {
			return true
		}
		if (p.Strategy == step.Automatic || p.Moves() && binding.Idle(w, wl)) && binding.CanLabelTemplate(wl, in.Revision) &&
			binding.BoundByOwnLabels(w, ns, wl) && !slices.Equal(by, []string{in.Revision}) {
			return true
		}
	}
	return false
}

// RevisionsInUse returns the revisions to which the namespaces of a target are bound
// now, sorted.
func RevisionsInUse(w mesh.World, t step.Target) []string {
	var list []string
	for _, g := range t.Waves {
		for _, name := range g.Namespaces {
			ns, _ := w.Namespace(name)
			list = append(list, w.Injectors(ns, mesh.Template{})...)
			for _, wl := range w.WorkloadsIn(name) {
				if binding.BoundByOwnLabels(w, ns, wl) {
					list = append(list, w.Injectors(ns, wl.Template)...)
				}
			}
		}
	}
	return step.SortedUnique(list)
}

// validateExcluded rejects the name of a namespace that does not exist: the one that was
// meant would be moved.
func validateExcluded(w mesh.World, names []string) error {
	for _, name := range names {
		if _, ok := w.Namespace(name); !ok {
			return fmt.Errorf("exclude namespaces: namespace %q does not exist: see `kubectl get namespaces`", name)
		}
	}
	return nil
}

// leaveOut says how to leave a namespace out, in the words of the command line and of a file.
func leaveOut(name string) string {
	return fmt.Sprintf("leave the namespace out with --exclude-namespace %s (spec.namespaces.exclude)", name)
}

func validateNamed(w mesh.World, name string) error {
	ns, ok := w.Namespace(name)
	switch {
	case !ok:
		return fmt.Errorf("select namespaces: namespace %q does not exist: see `kubectl get namespaces`", name)
	case name == w.RootNamespace:
		return fmt.Errorf("select namespaces: %s is the root namespace of the control plane and is not moved", name)
	case ns.Mesh != "":
		return fmt.Errorf("select namespaces: namespace %q is part of another mesh, whose istiod is in namespace %s: to move it, run "+
			"the same command with --istio-namespace %s", name, ns.Mesh, ns.Mesh)
	case !isBound(w, ns):
		return fmt.Errorf(
			"select namespaces: namespace %q is not bound to a revision, by its labels: %s, by the default revision, or by its workloads' "+
				"labels: label it with %s first, or %s", name, ns.Binding(), mesh.RevisionLabel, leaveOut(name),
		)
	}
	return nil
}
