// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/rerig/rerig/internal/mesh"
)

// tags are the moves of tags that are left. One that bound what is moved, and has
// no webhook any more, comes from nowhere: what else of it is left (the default's
// validator) injects nothing, and can be moved without anybody gaining by it.
func tags(w mesh.World, t Target) []Step {
	var steps []Step
	for _, name := range slices.Sorted(maps.Keys(t.Tags)) {
		at := strings.Join(w.TagAt(name), "+")
		if gone := t.Found.boundBy(name) && !w.Tagged(name); gone {
			at = ""
		}
		if at != t.Tags[name] {
			steps = append(steps, Step{Kind: Tag, Subject: name, From: at, To: t.Tags[name]})
		}
	}
	return steps
}

// boundBy reports whether something that is moved was bound by a tag.
func (b Baseline) boundBy(tag string) bool {
	for _, by := range b.Through {
		if by == tag {
			return true
		}
	}
	return false
}

// MovedTags tells, in words, which of the tags that a run moves are no longer where
// they were found.
func (l Ledger) MovedTags(w mesh.World) []string {
	var list []string
	for _, tag := range l.Baseline.Moved {
		if was, at := l.Baseline.Tags[tag], strings.Join(w.TagAt(tag), "+"); at != was && at != "" {
			list = append(list, fmt.Sprintf("tag %s was at %s and is at %s already", tag, was, at))
		}
	}
	return list
}

// tagsMoved reports whether every tag is where the target wants it.
func tagsMoved(w mesh.World, t Target) bool { return len(tags(w, t)) == 0 }

// pins bind namespaces to what they run before their tag is moved back under
// them: no pod changes its revision before its wave.
func pins(w mesh.World, t Target) []Step {
	var steps []Step
	for _, g := range t.Waves {
		for _, name := range g.Namespaces {
			ns, ok := w.Namespace(name)
			if now, needed := t.pinned(w, ns); ok && needed {
				steps = append(steps, Step{Kind: Pin, Subject: name, From: ns.Binding().String(), To: mesh.Pinned(now).String(), By: ns.Owner})
			}
		}
	}
	return steps
}

// unpins give namespaces their own labels back once their tag was moved. Until
// then they are all left.
func unpins(w mesh.World, t Target) []Step {
	var steps []Step
	moved := tagsMoved(w, t)
	for _, g := range t.Waves {
		for _, name := range g.Namespaces {
			to, wanted := t.Final[name]
			ns, ok := w.Namespace(name)
			if ok && wanted && (!moved || ns.Binding() != to) {
				steps = append(steps, Step{Kind: Unpin, Subject: name, From: t.Bindings[name].String(), To: to.String(), By: ns.Owner})
			}
		}
	}
	return steps
}

// fulfilled reports whether a binding is one that the target gives a namespace:
// the one of its wave, or its own again once the tag was moved.
func (t Target) fulfilled(w mesh.World, name string, b mesh.Binding) bool {
	to, wanted := t.Bindings[name]
	final, again := t.Final[name]
	return !wanted || b == to || again && b == final && tagsMoved(w, t)
}

// coming is the binding that a namespace has once its wave begins: on the way
// back it may have been pinned before.
func (t Target) coming(w mesh.World, ns mesh.Namespace) mesh.Binding {
	if now, needed := t.pinned(w, ns); needed {
		return mesh.Pinned(now)
	}
	return ns.Binding()
}

// pinned returns the revision to which a namespace has to be pinned before its
// tag is moved back under it.
func (t Target) pinned(w mesh.World, ns mesh.Namespace) (string, bool) {
	if !t.Back || len(t.Tags) == 0 {
		return "", false
	}
	_, moves := t.Tags[w.Through(ns, mesh.Template{})]
	now := serving(w, ns)
	return now, moves && !strings.Contains(now, "+") && !tagsMoved(w, t)
}

// Bound reports whether a namespace is labelled as the target wants it.
func (t Target) Bound(w mesh.World, name string) bool {
	ns, _ := w.Namespace(name)
	return t.fulfilled(w, name, t.coming(w, ns))
}

// retag renders the move of a tag. What is expected is what it points to.
func retag(s Step) Change {
	return Change{Verb: Retag, Kind: "Tag", Name: s.Subject, Expect: s.From, Revision: s.To}
}
