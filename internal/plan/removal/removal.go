// SPDX-License-Identifier: Apache-2.0

package removal

import (
	"slices"
	"strings"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// Steps are one step for each object that a revision alone is made of, so that
// each is listed, agreed to and seen to go. From is the object's UID: one that is
// made anew in its place was not agreed to. What others keep they have to take
// away themselves: that is one step, and is waited for.
func Steps(w mesh.World, t step.Target) []step.Step {
	var steps []step.Step
	for _, revision := range t.Remove {
		others := false
		for _, b := range w.ComponentsOf(revision) {
			switch {
			case b.ManagedBy == "":
				steps = append(steps, step.Step{Kind: step.Remove, Subject: step.Subject(b.String()), From: b.UID, To: revision})
			case !others:
				others = true
				steps = append(steps, step.Step{Kind: step.Remove, Subject: step.Subject("revision " + revision), To: revision, By: b.ManagedBy})
			}
		}
	}
	return steps
}

// PodInPrefix begins the subject of a try of a pod: the namespace follows.
const PodInPrefix = "pod in "

// DryRunSteps see, once something was taken away, that each moved namespace still gets
// its pods, and that the mesh takes configuration.
func DryRunSteps(w mesh.World, t step.Target, l step.Ledger) []step.Step {
	return slices.DeleteFunc(DryRuns(w, t), func(s step.Step) bool {
		_, tried := l.Passed[step.DryRunKey(s, t)]
		return tried
	})
}

// DryRuns are what is tried of a mesh that a revision is taken away from: before the
// first object goes, to know what held, and afterwards.
func DryRuns(w mesh.World, t step.Target) []step.Step {
	var steps []step.Step
	if len(t.Remove) == 0 {
		return nil
	}
	for _, g := range t.Waves {
		for _, name := range g.Namespaces {
			if _, there := w.Namespace(name); there {
				steps = append(steps, step.Step{Kind: step.DryRun, Subject: step.Subject(PodInPrefix + name), To: t.Revision})
			}
		}
	}
	return append(steps, step.Step{Kind: step.DryRun, Subject: "configuration", To: t.Revision})
}

// Render is a removal, or what it says of the object, as writes: what is kept of
// it goes first.
func Render(s step.Step) ([]step.Change, error) {
	kind, name, ok := strings.Cut(string(s.Subject), " ")
	if !ok || s.By != "" {
		return nil, step.NewFault(s, "this is not ours to take away")
	}
	c := step.Change{Kind: kind, Name: name, Expect: s.From}
	if namespace, name, ok := strings.Cut(name, "/"); ok {
		c.Namespace, c.Name = namespace, name
	}
	keep, remove := c, c
	keep.Verb, remove.Verb = step.SaveCopy, step.Delete
	keep.Revision = s.To
	return []step.Change{keep, remove}, nil
}

// Simulate predicts the World without one object.
func Simulate(w *mesh.World, s step.Step) {
	gone := func(b mesh.Component) bool {
		return b.Revision == s.To && !b.Shared && (b.String() == string(s.Subject) || s.By != "" && b.ManagedBy != "")
	}
	for _, b := range w.Components {
		if gone(b) && b.ManagedBy == "" && !slices.ContainsFunc(w.SavedCopies, func(k mesh.Component) bool { return k.String() == b.String() }) {
			w.SavedCopies = append(slices.Clone(w.SavedCopies), b)
		}
	}
	w.Components = slices.DeleteFunc(slices.Clone(w.Components), gone)
	has := func(kind string) bool {
		return slices.ContainsFunc(w.ComponentsOf(s.To), func(b mesh.Component) bool { return b.Kind == kind })
	}
	if !has("MutatingWebhookConfiguration") {
		w.Webhooks = slices.DeleteFunc(w.Webhooks, func(h mesh.Webhook) bool { return h.Revision == s.To && h.Tag == "" })
	}
	if !has("MutatingWebhookConfiguration") && !has("Deployment") {
		w.Revisions = slices.DeleteFunc(w.Revisions, func(r mesh.Revision) bool { return r.Name == s.To })
	}
	w.Sort()
}

// RestoreSteps bring back, on the way back, what was taken away of the revisions that
// the way back leads to.
func RestoreSteps(w mesh.World, t step.Target) []step.Step {
	var steps []step.Step
	for _, revision := range t.ControlPlanes() {
		if n := len(w.MissingComponents(revision)); n > 0 {
			steps = append(steps, step.Step{Kind: step.Install, Subject: step.Subject(revision), From: "what was kept of it", To: t.Versions[revision]})
		}
	}
	return steps
}
