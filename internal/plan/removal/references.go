// SPDX-License-Identifier: Apache-2.0

package removal

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/strategy"
	"github.com/rerig/rerig/internal/step"
)

// ReferenceNotes names, before anything is moved, what would keep a revision from
// being taken away at the end: what leads to it now, and the plan does not move.
func ReferenceNotes(w mesh.World, t step.Target) []step.Note {
	var notes []step.Note
	for _, revision := range t.Remove {
		hold := func(subject, evidence string) {
			notes = append(notes, step.Note{Kind: step.StillReferenced, Subject: subject, Evidence: evidence,
				Text: "keeps revision " + revision + " from being taken away: the run will hold there until it is moved or gone"})
		}
		for _, tag := range w.Tags {
			if _, moves := t.Tags[tag.Name]; !moves && (tag.Revision == revision || tag.Service == revision) {
				hold("tag "+tag.Name, "it points to "+revision)
			}
		}
		for _, ns := range w.Namespaces {
			if how := namespaceReference(t, w, ns, revision); how != "" {
				hold("Namespace "+ns.Name, how)
			}
		}
		for _, wl := range w.Workloads {
			if how := workloadReference(t, w, wl, revision); how != "" {
				hold(string(wl.Ref()), how)
			}
		}
		for _, b := range w.Components {
			if b.Revision == revision && b.Shared && (b.Kind == "Deployment" || b.Kind == "DaemonSet") {
				hold(b.String(), fmt.Sprintf("it bears %s=%s", mesh.RevisionLabel, revision))
			}
		}
		if r, there := w.Revision(revision); there && r.Replicas == 0 && slices.ContainsFunc(w.ComponentsOf(revision), func(b mesh.Component) bool { return b.Kind == "Deployment" }) {
			notes = append(notes, step.Note{Kind: step.StillReferenced, Subject: "revision " + revision, Text: "is scaled to zero, so that nobody says who would be connected to it: the run will hold there until one of its istiods runs, or its Deployment is gone", Evidence: "its Deployment asks for 0 replicas"})
		}
		for _, c := range w.Referrers {
			if (c.Revision == revision || c.Revision == "" && stays(t, w, c.Value, revision)) && !letsGo(t, w, c) {
				hold(c.Subject, c.Through)
			}
		}
	}
	return notes
}

// stays reports whether a label's value leads to a revision, and will at the end:
// it is the revision's own name, or that of a tag which is not moved.
func stays(t step.Target, w mesh.World, value, revision string) bool {
	_, moves := t.Tags[value]
	return !moves && w.LabelMeans(value, revision)
}

// letsGo reports whether a claim ends with what the plan does: the default's parts
// move with it, and a template's label is written.
func letsGo(t step.Target, w mesh.World, c mesh.Reference) bool {
	_, moves := t.Tags[mesh.DefaultTag]
	return moves && c.Subject == "ValidatingWebhookConfiguration "+w.Validator.Configuration || relabels(t, w, mesh.WorkloadRef(c.Subject))
}

// relabels reports whether the plan writes a workload's own label.
func relabels(t step.Target, w mesh.World, ref mesh.WorkloadRef) bool {
	wl, there := w.Workload(ref)
	p := strategy.Decide(t.Policy, wl)
	_, own := t.TemplateLabels[ref]
	return there && own && (p.Moves() || p.Strategy == step.Automatic)
}

// namespaceReference is how a namespace would still lead to a revision at the end.
func namespaceReference(t step.Target, w mesh.World, ns mesh.Namespace, revision string) string {
	b, moved := t.Bindings[ns.Name]
	if final, again := t.FinalBindings[ns.Name]; again {
		b = final
	} else if !moved {
		b = ns.Binding()
	}
	if b.Revision.Set && stays(t, w, b.Revision.Value, revision) {
		return fmt.Sprintf("it is labelled %s=%s", mesh.RevisionLabel, b.Revision.Value)
	}
	if _, follows := t.Tags[w.TagOf(ns, mesh.Template{})]; !moved && !follows && slices.Contains(w.Injectors(ns, mesh.Template{}), revision) {
		return "the webhook of " + revision + " injects its pods"
	}
	return ""
}

// workloadReference is how a workload would: by the proxies that it runs, or by a
// label of its template, also one that decides nothing.
func workloadReference(t step.Target, w mesh.World, wl mesh.Workload, revision string) string {
	var how []string
	if slices.Contains(wl.Sidecars(), revision) && (wl.Gateway || t.RevisionOf(wl) == "" || !strategy.Decide(t.Policy, wl).Moves()) {
		how = append(how, "it runs proxies of "+revision)
	}
	switch value, labelled := wl.Template.Labels[mesh.RevisionLabel]; {
	case relabels(t, w, wl.Ref()):
	case labelled && stays(t, w, value, revision):
		how = append(how, fmt.Sprintf("its template bears %s=%s", mesh.RevisionLabel, value))
	case injectedOnlyBy(t, w, wl, revision):
		how = append(how, "the webhook of "+revision+" injects its pods")
	}
	return strings.Join(how, ", ")
}

// injectedOnlyBy reports whether a revision injects what a template makes by the
// template's own labels, and will at the end.
func injectedOnlyBy(t step.Target, w mesh.World, wl mesh.Workload, revision string) bool {
	ns, _ := w.Namespace(wl.Namespace)
	_, moved := t.Bindings[wl.Namespace]
	_, follows := t.Tags[w.TagOf(ns, wl.Template)]
	return !moved && !follows && w.InjectsOnly(wl, revision)
}
