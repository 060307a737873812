// SPDX-License-Identifier: Apache-2.0

// Package removal plans the removal of an old control plane, object by object, what
// would prevent it, and how a rollback restores it.
package removal

import (
	"slices"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// Steps returns one step for each component of a revision that is not shared, so that
// each is listed, approved and seen to go. From is the object's UID: an object that was
// re-created was not approved. Components that another tool manages are one step, which
// waits for that tool.
func Steps(w mesh.World, t step.Target) []step.Step {
	var steps []step.Step
	for _, revision := range t.Remove {
		managed := false
		for _, b := range w.ComponentsOf(revision) {
			switch {
			case b.ManagedBy == "":
				steps = append(steps, step.Step{Kind: step.Remove, Subject: step.Subject(b.String()), From: b.UID, To: revision})
			case !managed:
				managed = true
				steps = append(steps, step.Step{Kind: step.Remove, Subject: step.Subject("revision " + revision), To: revision, By: b.ManagedBy})
			}
		}
	}
	return steps
}

// DryRunSteps returns the dry runs, after a removal, that have no verdict yet.
func DryRunSteps(w mesh.World, t step.Target, l step.Ledger) []step.Step {
	return slices.DeleteFunc(DryRuns(w, t), func(s step.Step) bool {
		_, passed := l.Passed[step.DryRunKey(s, t)]
		return passed
	})
}

// DryRuns returns the dry runs of a removal: a pod in each moved namespace, and
// configuration. They are made before the first object is deleted, and again at the end.
func DryRuns(w mesh.World, t step.Target) []step.Step {
	var steps []step.Step
	if len(t.Remove) == 0 {
		return nil
	}
	for _, g := range t.Waves {
		for _, name := range g.Namespaces {
			if _, there := w.Namespace(name); there {
				steps = append(steps, step.Step{Kind: step.DryRun, Subject: step.PodIn(name), To: t.Revision})
			}
		}
	}
	return append(steps, step.Step{Kind: step.DryRun, Subject: "configuration", To: t.Revision})
}

// Render renders a removal: the saved copy first, then the deletion.
func Render(s step.Step) ([]step.Change, error) {
	of, err := mesh.ParseComponent(string(s.Subject))
	if err != nil || s.By != "" {
		return nil, step.NewFault(s, "another tool manages this object")
	}
	c := step.Change{Kind: of.Kind, Namespace: of.Namespace, Name: of.Name, Expect: s.From}
	save, remove := c, c
	save.Verb, remove.Verb = step.SaveCopy, step.Delete
	save.Revision = s.To
	return []step.Change{save, remove}, nil
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

// RestoreSteps returns, on rollback, the removed revisions to restore.
func RestoreSteps(w mesh.World, t step.Target) []step.Step {
	var steps []step.Step
	for _, revision := range t.ControlPlanes() {
		if n := len(w.MissingComponents(revision)); n > 0 {
			steps = append(steps, step.Step{Kind: step.Install, Subject: step.Subject(revision), From: step.SavedCopies, To: t.Versions[revision]})
		}
	}
	return steps
}
