// SPDX-License-Identifier: Apache-2.0

package binding

import (
	"maps"
	"slices"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// TagSteps returns the tags that do not name the target's revision. The start of a tag
// that bound something and has no webhook any more is "": what remains of it (the
// default's validator) injects nothing.
func TagSteps(w mesh.World, t step.Target) []step.Step {
	var steps []step.Step
	for _, name := range slices.Sorted(maps.Keys(t.Tags)) {
		at := mesh.JoinRevisions(w.TagRevisions(name))
		if t.Baseline.BoundByTag(name) && !w.TagInjects(name) {
			at = ""
		}
		if at != t.Tags[name] {
			steps = append(steps, step.Step{Kind: step.Tag, Subject: step.Subject(name), From: at, To: t.Tags[name]})
		}
	}
	return steps
}

// tagsMoved reports whether every tag names the target's revision.
func tagsMoved(w mesh.World, t step.Target) bool { return len(TagSteps(w, t)) == 0 }

// PinSteps returns, on rollback, the namespaces that have to be bound to their present
// revision by name before their tag moves: no pod changes its revision before its wave.
func PinSteps(w mesh.World, t step.Target) []step.Step {
	var steps []step.Step
	for _, g := range t.Waves {
		for _, name := range g.Namespaces {
			ns, ok := w.Namespace(name)
			if now, needed := pinnedTo(t, w, ns); ok && needed {
				steps = append(steps, step.Step{
					Kind: step.Pin, Subject: step.Subject(name),
					From: ns.Binding().String(), To: mesh.BindingTo(now).String(), By: ns.ManagedBy,
				})
			}
		}
	}
	return steps
}

// RestoreLabelSteps returns the namespaces whose own labels are restored once their tag has
// moved; all of them until then.
func RestoreLabelSteps(w mesh.World, t step.Target) []step.Step {
	var steps []step.Step
	moved := tagsMoved(w, t)
	for _, g := range t.Waves {
		for _, name := range g.Namespaces {
			to, wanted := t.FinalBindings[name]
			ns, ok := w.Namespace(name)
			if ok && wanted && (!moved || ns.Binding() != to) {
				steps = append(steps, step.Step{
					Kind: step.RestoreLabel, Subject: step.Subject(name),
					From: t.Bindings[name].String(), To: to.String(), By: ns.ManagedBy,
				})
			}
		}
	}
	return steps
}

// fulfilled reports whether a binding is one that the target gives a namespace: that of
// its wave, or its own once the tag has moved.
func fulfilled(t step.Target, w mesh.World, name string, b mesh.Binding) bool {
	to, wanted := t.Bindings[name]
	final, again := t.FinalBindings[name]
	return !wanted || b == to || again && b == final && tagsMoved(w, t)
}

// bindingAtStart returns the binding of a namespace when its wave begins: on rollback it may
// be pinned by then.
func bindingAtStart(t step.Target, w mesh.World, ns mesh.Namespace) mesh.Binding {
	if now, needed := pinnedTo(t, w, ns); needed {
		return mesh.BindingTo(now)
	}
	return ns.Binding()
}

// pinnedTo returns the revision to which a namespace has to be pinned before its tag moves,
// and whether it has to be pinned.
func pinnedTo(t step.Target, w mesh.World, ns mesh.Namespace) (string, bool) {
	if !t.Rollback || len(t.Tags) == 0 {
		return "", false
	}
	_, moves := t.Tags[w.TagOf(ns, mesh.Template{})]
	now := InjectedBy(w, ns)
	return now, moves && !SplitTag(now) && !tagsMoved(w, t)
}

// Bound reports whether a namespace has the labels of the target.
func Bound(t step.Target, w mesh.World, name string) bool {
	ns, _ := w.Namespace(name)
	return fulfilled(t, w, name, bindingAtStart(t, w, ns))
}

// RenderTag renders the move of a tag. The write is conditional on the revision that it
// was observed to name.
func RenderTag(s step.Step) step.Change {
	return step.Change{Verb: step.PointTag, Kind: "Tag", Name: string(s.Subject), Expect: s.From, Revision: s.To}
}
