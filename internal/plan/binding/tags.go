// SPDX-License-Identifier: Apache-2.0

package binding

import (
	"maps"
	"slices"
	"strings"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// TagSteps are the moves of tags that are left. One that bound what is moved, and has
// no webhook any more, comes from nowhere: what else of it is left (the default's
// validator) injects nothing, and can be moved without anybody gaining by it.
func TagSteps(w mesh.World, t step.Target) []step.Step {
	var steps []step.Step
	for _, name := range slices.Sorted(maps.Keys(t.Tags)) {
		at := strings.Join(w.TagRevisions(name), "+")
		if gone := t.Baseline.BoundByTag(name) && !w.TagInjects(name); gone {
			at = ""
		}
		if at != t.Tags[name] {
			steps = append(steps, step.Step{Kind: step.Tag, Subject: step.Subject(name), From: at, To: t.Tags[name]})
		}
	}
	return steps
}

// tagsMoved reports whether every tag is where the target wants it.
func tagsMoved(w mesh.World, t step.Target) bool { return len(TagSteps(w, t)) == 0 }

// PinSteps bind namespaces to what they run before their tag is moved back under
// them: no pod changes its revision before its wave.
func PinSteps(w mesh.World, t step.Target) []step.Step {
	var steps []step.Step
	for _, g := range t.Waves {
		for _, name := range g.Namespaces {
			ns, ok := w.Namespace(name)
			if now, needed := pinnedTo(t, w, ns); ok && needed {
				steps = append(steps, step.Step{Kind: step.Pin, Subject: step.Subject(name), From: ns.Binding().String(), To: mesh.Pinned(now).String(), By: ns.ManagedBy})
			}
		}
	}
	return steps
}

// RestoreLabelSteps give namespaces their own labels back once their tag was moved. Until
// then they are all left.
func RestoreLabelSteps(w mesh.World, t step.Target) []step.Step {
	var steps []step.Step
	moved := tagsMoved(w, t)
	for _, g := range t.Waves {
		for _, name := range g.Namespaces {
			to, wanted := t.FinalBindings[name]
			ns, ok := w.Namespace(name)
			if ok && wanted && (!moved || ns.Binding() != to) {
				steps = append(steps, step.Step{Kind: step.RestoreLabel, Subject: step.Subject(name), From: t.Bindings[name].String(), To: to.String(), By: ns.ManagedBy})
			}
		}
	}
	return steps
}

// fulfilled reports whether a binding is one that the target gives a namespace:
// the one of its wave, or its own again once the tag was moved.
func fulfilled(t step.Target, w mesh.World, name string, b mesh.Binding) bool {
	to, wanted := t.Bindings[name]
	final, again := t.FinalBindings[name]
	return !wanted || b == to || again && b == final && tagsMoved(w, t)
}

// bindingAtStart is the binding that a namespace has once its wave begins: on the way
// back it may have been pinned before.
func bindingAtStart(t step.Target, w mesh.World, ns mesh.Namespace) mesh.Binding {
	if now, needed := pinnedTo(t, w, ns); needed {
		return mesh.Pinned(now)
	}
	return ns.Binding()
}

// pinnedTo returns the revision to which a namespace has to be pinned before its
// tag is moved back under it.
func pinnedTo(t step.Target, w mesh.World, ns mesh.Namespace) (string, bool) {
	if !t.Rollback || len(t.Tags) == 0 {
		return "", false
	}
	_, moves := t.Tags[w.TagOf(ns, mesh.Template{})]
	now := InjectedBy(w, ns)
	return now, moves && !strings.Contains(now, "+") && !tagsMoved(w, t)
}

// Bound reports whether a namespace is labelled as the target wants it.
func Bound(t step.Target, w mesh.World, name string) bool {
	ns, _ := w.Namespace(name)
	return fulfilled(t, w, name, bindingAtStart(t, w, ns))
}

// RenderTag renders the move of a tag. What is expected is what it points to.
func RenderTag(s step.Step) step.Change {
	return step.Change{Verb: step.PointTag, Kind: "Tag", Name: string(s.Subject), Expect: s.From, Revision: s.To}
}
