// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rerig/rerig/internal/mesh"
)

// holdingOn names, before anything is moved, what would keep a revision from
// being taken away at the end: what leads to it now, and the plan does not move.
func holdingOn(w mesh.World, t Target) []Note {
	var notes []Note
	for _, revision := range t.Remove {
		hold := func(subject, evidence string) {
			notes = append(notes, Note{Kind: HoldsOn, Subject: subject, Evidence: evidence,
				Text: "keeps revision " + revision + " from being taken away: the run will hold there until it is moved or gone"})
		}
		for _, tag := range w.Tags {
			if _, moves := t.Tags[tag.Name]; !moves && (tag.Revision == revision || tag.Service == revision) {
				hold("tag "+tag.Name, "it points to "+revision)
			}
		}
		for _, ns := range w.Namespaces {
			if how := t.namespaceHolds(w, ns, revision); how != "" {
				hold("Namespace "+ns.Name, how)
			}
		}
		for _, wl := range w.Workloads {
			if how := t.workloadHolds(w, wl, revision); how != "" {
				hold(wl.Key(), how)
			}
		}
		for _, b := range w.Belongings {
			if b.Revision == revision && b.Shared && (b.Kind == "Deployment" || b.Kind == "DaemonSet") {
				hold(b.Subject(), fmt.Sprintf("it bears %s=%s", mesh.RevisionLabel, revision))
			}
		}
		if r, there := w.Revision(revision); there && r.Wanted == 0 && slices.ContainsFunc(w.Own(revision), func(b mesh.Belonging) bool { return b.Kind == "Deployment" }) {
			notes = append(notes, Note{Kind: HoldsOn, Subject: "revision " + revision, Text: "is scaled to zero, so that nobody says who would be connected to it: the run will hold there until one of its istiods runs, or its Deployment is gone", Evidence: "its Deployment asks for 0 replicas"})
		}
		for _, c := range w.Claims {
			if (c.Revision == revision || c.Revision == "" && t.stays(w, c.Value, revision)) && !t.lets(w, c) {
				hold(c.Subject, c.By)
			}
		}
	}
	return notes
}

// stays reports whether a label's value leads to a revision, and will at the end:
// it is the revision's own name, or that of a tag which is not moved.
func (t Target) stays(w mesh.World, value, revision string) bool {
	_, moves := t.Tags[value]
	return !moves && w.Names(value, revision)
}

// lets reports whether a claim ends with what the plan does: the default's parts
// move with it, and a template's label is written.
func (t Target) lets(w mesh.World, c mesh.Claim) bool {
	_, moves := t.Tags[mesh.DefaultTag]
	return moves && c.Subject == "ValidatingWebhookConfiguration "+w.Validator.Configuration || t.repins(w, c.Subject)
}

// repins reports whether the plan writes a workload's own label.
func (t Target) repins(w mesh.World, key string) bool {
	wl, there := w.Workload(key)
	p := t.Policy.Passage(wl)
	_, own := t.Pins[key]
	return there && own && (p.Moves() || p.Way == ByItself)
}

// namespaceHolds is how a namespace would still lead to a revision at the end.
func (t Target) namespaceHolds(w mesh.World, ns mesh.Namespace, revision string) string {
	b, moved := t.Bindings[ns.Name]
	if final, again := t.Final[ns.Name]; again {
		b = final
	} else if !moved {
		b = ns.Binding()
	}
	if b.Revision.Set && t.stays(w, b.Revision.Value, revision) {
		return fmt.Sprintf("it is labelled %s=%s", mesh.RevisionLabel, b.Revision.Value)
	}
	if _, follows := t.Tags[w.Through(ns, mesh.Template{})]; !moved && !follows && slices.Contains(w.Injectors(ns, mesh.Template{}), revision) {
		return "the webhook of " + revision + " injects its pods"
	}
	return ""
}

// workloadHolds is how a workload would: by the proxies that it runs, or by a
// label of its template, also one that decides nothing.
func (t Target) workloadHolds(w mesh.World, wl mesh.Workload, revision string) string {
	var how []string
	if slices.Contains(wl.Sidecars(), revision) && (wl.Gateway || t.Want(wl) == "" || !t.Policy.Passage(wl).Moves()) {
		how = append(how, "it runs proxies of "+revision)
	}
	switch value, labelled := wl.Template.Labels[mesh.RevisionLabel]; {
	case t.repins(w, wl.Key()):
	case labelled && t.stays(w, value, revision):
		how = append(how, fmt.Sprintf("its template bears %s=%s", mesh.RevisionLabel, value))
	case t.injectedAlone(w, wl, revision):
		how = append(how, "the webhook of "+revision+" injects its pods")
	}
	return strings.Join(how, ", ")
}

// injectedAlone reports whether a revision injects what a template makes by the
// template's own labels, and will at the end.
func (t Target) injectedAlone(w mesh.World, wl mesh.Workload, revision string) bool {
	ns, _ := w.Namespace(wl.Namespace)
	_, moved := t.Bindings[wl.Namespace]
	_, follows := t.Tags[w.Through(ns, wl.Template)]
	return !moved && !follows && w.InjectsAlone(wl, revision)
}
