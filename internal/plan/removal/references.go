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

// ReferenceNotes notes, before anything is moved, what would prevent the removal of a
// revision at the end: what refers to it now, and the plan does not move.
func ReferenceNotes(w mesh.World, t step.Target) []step.Note {
	var notes []step.Note
	for _, revision := range t.Remove {
		note := func(subject, evidence string) {
			notes = append(notes, step.Note{Kind: step.StillReferenced, Subject: subject, Evidence: evidence,
				Text: "prevents the removal of revision " + revision + ": the run holds there until it is moved or deleted"})
		}
		for _, tag := range w.Tags {
			if _, moves := t.Tags[tag.Name]; !moves && (tag.Revision == revision || tag.Service == revision) {
				note("tag "+tag.Name, "it names "+revision)
			}
		}
		for _, ns := range w.Namespaces {
			if how := namespaceReference(t, w, ns, revision); how != "" {
				note("Namespace "+ns.Name, how)
			}
		}
		for _, wl := range w.Workloads {
			if how := workloadReference(t, w, wl, revision); how != "" {
				note(string(wl.Ref()), how)
			}
		}
		for _, b := range w.Components {
			labelled := b.Revision == revision && b.Shared && (b.Kind == "Deployment" || b.Kind == "DaemonSet")
			if labelled && !relabels(t, w, mesh.WorkloadRef(b.String())) {
				note(b.String(), fmt.Sprintf("label %s=%s", mesh.RevisionLabel, revision))
			}
		}
		if r, there := w.Revision(revision); there && r.Replicas == 0 && slices.ContainsFunc(
			w.ComponentsOf(revision),
			func(b mesh.Component) bool { return b.Kind == "Deployment" },
		) {
			notes = append(notes, step.Note{
				Kind:    step.StillReferenced,
				Subject: "revision " + revision,
				Text: "is scaled to zero, so that its connections are unknown: the run holds there until one of its istiods runs, or its " +
					"Deployment is deleted",
				Evidence: "its Deployment has 0 replicas",
			})
		}
		for _, c := range w.References {
			if (c.Revision == revision || c.Revision == "" && stays(t, w, c.Value, revision)) && !letsGo(t, w, c) {
				note(c.Subject, c.Through)
				if command := c.Redirect(mesh.IstiodService(t.Revision)); command != "" {
					notes[len(notes)-1].Remedy = "once revision " + t.Revision + " is installed, point it there: " + command
				}
			}
		}
	}
	return notes
}

// stays reports whether a label's value names the revision at the end: it is the
// revision's name, or a tag that is not moved.
func stays(t step.Target, w mesh.World, value, revision string) bool {
	_, moves := t.Tags[value]
	return !moves && w.LabelMeans(value, revision)
}

// letsGo reports whether the plan itself ends a reference: the default's parts move with
// it, or the label of a template or a Gateway is written.
func letsGo(t step.Target, w mesh.World, c mesh.Reference) bool {
	if _, moves := t.Tags[c.Tag]; moves && c.Tag != "" {
		return true
	}
	_, moves := t.Tags[mesh.DefaultTag]
	return moves && c.Subject == "ValidatingWebhookConfiguration "+w.Validator.Configuration ||
		relabels(t, w, mesh.WorkloadRef(c.Subject)) || labelsGateway(t, w, c.Subject)
}

// relabels reports whether the plan writes a workload's own label, or a template that was
// rendered for the wanted revision.
func relabels(t step.Target, w mesh.World, ref mesh.WorkloadRef) bool {
	wl, there := w.Workload(ref)
	p := strategy.Decide(t.Policy, wl)
	_, own := t.TemplateLabels[ref]
	rendered := wl.Prerendered() && t.RevisionOf(wl) != ""
	return there && (own && p.Strategy == step.Automatic || (own || rendered) && p.Moves())
}

// labelsGateway reports whether the plan writes the label of a Gateway of the Gateway API, as in
// "Gateway shop/edge".
func labelsGateway(t step.Target, w mesh.World, subject string) bool {
	return slices.ContainsFunc(w.Workloads, func(wl mesh.Workload) bool {
		_, moved := t.GatewayLabels[wl.Ref()]
		return moved && "Gateway "+wl.Namespace+"/"+wl.APIGateway.Name == subject && strategy.Decide(t.Policy, wl).Moves()
	})
}

// namespaceReference returns how a namespace would refer to the revision at the end, ""
// for not at all.
func namespaceReference(t step.Target, w mesh.World, ns mesh.Namespace, revision string) string {
	b, moved := t.Bindings[ns.Name]
	if final, again := t.FinalBindings[ns.Name]; again {
		b = final
	} else if !moved {
		b = ns.Binding()
	}
	if b.Revision.Set && stays(t, w, b.Revision.Value, revision) {
		return fmt.Sprintf("label %s=%s", mesh.RevisionLabel, b.Revision.Value)
	}
	if _, follows := t.Tags[w.TagOf(ns, mesh.Template{})]; !moved && !follows && slices.Contains(w.Injectors(ns, mesh.Template{}), revision) {
		return "the webhook of " + revision + " injects its pods"
	}
	return ""
}

// workloadReference returns how a workload would refer to the revision at the end, by
// its proxies or a label of its template; "" for not at all.
func workloadReference(t step.Target, w mesh.World, wl mesh.Workload, revision string) string {
	var how []string
	if slices.Contains(wl.Sidecars(), revision) && (t.RevisionOf(wl) == "" || !strategy.Decide(t.Policy, wl).Moves()) {
		how = append(how, "it runs proxies of "+revision)
	}
	_, moves := t.Tags[wl.Template.Labels[mesh.RevisionLabel]]
	switch {
	case relabels(t, w, wl.Ref()):
	case w.TemplateChooses(wl, revision) && (wl.Prerendered() || !moves):
		how = append(how, wl.TemplateBinding())
	case injectedOnlyBy(t, w, wl, revision):
		how = append(how, "the webhook of "+revision+" injects its pods")
	}
	return strings.Join(how, ", ")
}

// injectedOnlyBy reports whether the revision injects a workload's pods by their own
// labels, and will at the end.
func injectedOnlyBy(t step.Target, w mesh.World, wl mesh.Workload, revision string) bool {
	ns, _ := w.Namespace(wl.Namespace)
	_, moved := t.Bindings[wl.Namespace]
	_, follows := t.Tags[w.TagOf(ns, wl.Template)]
	return !moved && !follows && w.InjectsOnly(wl, revision)
}
