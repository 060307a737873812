// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rerig/rerig/internal/mesh"
)

// leaving returns the revisions that a run takes away, if it was asked to, once
// nothing uses them any more.
func leaving(w mesh.World, in Intent, l Ledger, t Target) []string {
	if !in.Remove {
		return nil
	}
	return Olds(w, in, l, t)
}

// Olds returns the revisions that a run takes over from: those that its
// namespaces had when it began, those that workloads had which are bound by their
// own pods' labels, and the one from which other hands had begun.
func Olds(w mesh.World, in Intent, l Ledger, t Target) []string {
	old := []string{in.From}
	if l.Started.IsZero() {
		old = append(old, Serving(w, t)...)
	}
	for _, revisions := range l.Baseline.Revisions {
		old = append(old, strings.Split(revisions, "+")...)
	}
	for key := range l.Baseline.Pins {
		old = append(old, strings.Split(l.Baseline.Sidecars[key], "+")...)
	}
	return slices.DeleteFunc(sorted(old), func(r string) bool { return r == "" || r == in.Revision })
}

// removals are one step for each object that a revision alone is made of, so that
// each is listed, agreed to and seen to go. From is the object's UID: one that is
// made anew in its place was not agreed to. What others keep they have to take
// away themselves: that is one step, and is waited for.
func removals(w mesh.World, t Target) []Step {
	var steps []Step
	for _, revision := range t.Remove {
		others := false
		for _, b := range w.Own(revision) {
			switch {
			case b.Hands == "":
				steps = append(steps, Step{Kind: Remove, Subject: b.Subject(), From: b.UID, To: revision})
			case !others:
				others = true
				steps = append(steps, Step{Kind: Remove, Subject: "revision " + revision, To: revision, By: b.Hands})
			}
		}
	}
	return steps
}

// PodIn begins the subject of a try of a pod: the namespace follows.
const PodIn = "pod in "

// tries see, once something was taken away, that each moved namespace still gets
// its pods, and that the mesh takes configuration.
func tries(w mesh.World, t Target, l Ledger) []Step {
	return slices.DeleteFunc(Tries(w, t), func(s Step) bool {
		_, tried := l.Passed[tryKey(s, t)]
		return tried
	})
}

// Tries are what is tried of a mesh that a revision is taken away from: before the
// first object goes, to know what held, and afterwards.
func Tries(w mesh.World, t Target) []Step {
	var steps []Step
	if len(t.Remove) == 0 {
		return nil
	}
	for _, g := range t.Waves {
		for _, name := range g.Namespaces {
			if _, there := w.Namespace(name); there {
				steps = append(steps, Step{Kind: Try, Subject: PodIn + name, To: t.Revision})
			}
		}
	}
	return append(steps, Step{Kind: Try, Subject: "configuration", To: t.Revision})
}

// Showing is what a try showed before a removal.
type Showing string

// What is written down of a try: whatever held before has to hold afterwards.
const (
	Shown      Showing = "was tried"
	Refused    Showing = "was refused"                  // a pod that no workload's template was there for; why
	Given      Showing = "was given a sidecar"          // such a pod; of which revision
	RefusedOwn Showing = "was refused, labelled"        // invalid configuration, by the revision's own validator
	RefusedAny Showing = "was refused, without a label" // invalid configuration, by the mesh's validator
)

// BeforeKey is under what is kept what a try showed before the removal: the
// cluster cannot be asked for it afterwards.
func BeforeKey(s Step, t Target, what Showing) string {
	return "before " + tryKey(s, t) + ": " + string(what)
}

// tryKey is under what a try's verdict is kept: it says nothing of another removal.
func tryKey(s Step, t Target) string {
	return fmt.Sprintf("try %s %s without %s", s.Subject, s.To, strings.Join(t.Remove, "+"))
}

// taken is a removal, or what it says of the object, as writes: what is kept of
// it goes first.
func taken(s Step) ([]Change, error) {
	kind, name, ok := strings.Cut(s.Subject, " ")
	if !ok || s.By != "" {
		return nil, fault(s, "this is not ours to take away")
	}
	c := Change{Kind: kind, Name: name, Expect: s.From}
	if namespace, name, ok := strings.Cut(name, "/"); ok {
		c.Namespace, c.Name = namespace, name
	}
	keep, remove := c, c
	keep.Verb, remove.Verb = Keep, Delete
	keep.Revision = s.To
	return []Change{keep, remove}, nil
}

// removed predicts the World without one object.
func removed(w *mesh.World, s Step) {
	gone := func(b mesh.Belonging) bool {
		return b.Revision == s.To && !b.Shared && (b.Subject() == s.Subject || s.By != "" && b.Hands != "")
	}
	for _, b := range w.Belongings {
		if gone(b) && b.Hands == "" && !slices.ContainsFunc(w.Kept, func(k mesh.Belonging) bool { return k.Subject() == b.Subject() }) {
			w.Kept = append(slices.Clone(w.Kept), b)
		}
	}
	w.Belongings = slices.DeleteFunc(slices.Clone(w.Belongings), gone)
	has := func(kind string) bool {
		return slices.ContainsFunc(w.Own(s.To), func(b mesh.Belonging) bool { return b.Kind == kind })
	}
	if !has("MutatingWebhookConfiguration") {
		w.Webhooks = slices.DeleteFunc(w.Webhooks, func(h mesh.Webhook) bool { return h.Revision == s.To && h.Tag == "" })
	}
	if !has("MutatingWebhookConfiguration") && !has("Deployment") {
		w.Revisions = slices.DeleteFunc(w.Revisions, func(r mesh.Revision) bool { return r.Name == s.To })
	}
	w.Sort()
}

// restores bring back, on the way back, what was taken away of the revisions that
// the way back leads to.
func restores(w mesh.World, t Target) []Step {
	var steps []Step
	for _, revision := range t.ControlPlanes() {
		if n := len(w.Lost(revision)); n > 0 {
			steps = append(steps, Step{Kind: Install, Subject: revision, From: "what was kept of it", To: t.Versions[revision]})
		}
	}
	return steps
}
