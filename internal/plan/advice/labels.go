// SPDX-License-Identifier: Apache-2.0

package advice

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/binding"
	"github.com/rerig/rerig/internal/plan/strategy"
	"github.com/rerig/rerig/internal/step"
)

// outsideSelection names a workload with sidecars in a namespace that is not moved.
func outsideSelection(w mesh.World, t step.Target, wl mesh.Workload) []step.Note {
	_, moved := t.Baseline.Revisions[step.BoundNamespace(wl.Namespace)]
	ns, _ := w.Namespace(wl.Namespace)
	if moved || binding.Labelled(ns) {
		return nil
	}
	if by := w.Injectors(ns, wl.Template); len(wl.Live()) == 0 && binding.BoundByOwnLabels(w, ns, wl) && !slices.Equal(by, []string{t.Revision}) {
		return []step.Note{{Kind: step.NotMoved, Subject: string(wl.Ref()), Text: "is not moved: its namespace is not among those that are; its pods' own labels choose its revision",
			Evidence: fmt.Sprintf("no pods; the next one would be injected by %s", strings.Join(by, " and "))}}
	}
	if !wl.Injected() || slices.Equal(wl.Sidecars(), []string{t.Revision}) {
		return nil
	}
	return []step.Note{{Kind: step.NotMoved, Subject: string(wl.Ref()), Text: "is not moved: its namespace is not among those that are; its pods' own labels, or the default, chose its revision",
		Evidence: "sidecars of " + strings.Join(wl.Sidecars(), ", ")}}
}

// labelNotes says how a namespace that is bound by more or less than a revision's
// own name is moved, and which labels in it decide nothing.
func labelNotes(w mesh.World, t step.Target, ns mesh.Namespace) []step.Note {
	var notes []step.Note
	if tag := t.Baseline.Tag[step.BoundNamespace(ns.Name)]; tag != "" {
		notes = append(notes, step.Note{Kind: step.ByTag, Subject: ns.Name, Text: byTag(t, tag, ns.Name), Evidence: t.Baseline.Bindings[ns.Name]})
	}
	if ways := w.BoundThrough(ns, mesh.Template{}); len(ways) > 1 {
		notes = append(notes, step.Note{Kind: step.ByTag, Subject: ns.Name, Text: "is bound in more than one way at once: it is pinned to the revision itself in its wave, and its label stays explicit", Evidence: "by " + describeTags(ways)})
	}
	if ns.ManagedBy != "" && len(t.Bindings) > 0 && !keepsLabels(t, ns.Name) {
		notes = append(notes, step.Note{Kind: step.ForCommit, Subject: ns.Name,
			Text: fmt.Sprintf("is kept as it is by %s: its labels are not written but waited for; commit %s there when its wave comes", ns.ManagedBy, t.Bindings[ns.Name]), Evidence: ns.Binding().String()})
	}
	if b := ns.Binding(); b.Injection.Set && b.Revision.Set {
		notes = append(notes, step.Note{Kind: step.NoEffect, Subject: ns.Name, Text: "bears both labels: " + mesh.InjectionLabel + " decides, and " + mesh.RevisionLabel + " has no effect", Evidence: b.String()})
	}
	for _, wl := range w.In(ns.Name) {
		notes = append(notes, noEffect(w, t, ns, wl)...)
	}
	return notes
}

// describeTags names ways to a revision: tags, the default, the revision's own name.
func describeTags(ways []string) string {
	var list []string
	for _, way := range ways {
		list = append(list, cmp.Or(map[string]string{"": "the revision's own name", mesh.DefaultTag: "the default"}[way], "tag "+way))
	}
	return strings.Join(list, ", ")
}

// keptTemplate names a template that is pinned and that somebody else keeps: taken
// back, the label binds the workload to what it had.
func keptTemplate(t step.Target, wl mesh.Workload) []step.Note {
	if wl.ManagedBy == "" || step.TemplateLabelOf(wl) == t.TemplateLabels[wl.Ref()] {
		return nil
	}
	return []step.Note{{Kind: step.ForCommit, Subject: string(wl.Ref()), Evidence: "kept by " + wl.ManagedBy,
		Text: fmt.Sprintf("has its template kept by somebody else: the label is written all the same, and when it is taken back the next pod is of the old revision again: commit %s there as well when its wave comes", mesh.Pinned(t.TemplateLabels[wl.Ref()]))}}
}

// conditional names the webhooks whose matchConditions decide as well: what they
// inject is told by their selectors alone.
func conditional(w mesh.World) []step.Note {
	var notes []step.Note
	for _, h := range w.Webhooks {
		if h.Conditions > 0 {
			notes = append(notes, step.Note{Kind: step.NotEvaluated, Subject: "webhook " + h.Configuration + " (" + h.Name + ")", Evidence: fmt.Sprintf("%d matchConditions", h.Conditions),
				Text: "decides by matchConditions too, which are not evaluated: whom it injects is told by its selectors alone, and a pod that a condition excludes gets no sidecar from it"})
		}
	}
	return notes
}

// keepsLabels reports whether a namespace is to bear the labels that it was found with.
func keepsLabels(t step.Target, name string) bool {
	b, bound := t.Bindings[name]
	return bound && b.String() == t.Baseline.Bindings[name]
}

// byTag tells what becomes of a namespace that a tag bound.
func byTag(t step.Target, tag, subject string) string {
	_, moves := t.Tags[tag]
	_, again := t.FinalBindings[subject]
	text := fmt.Sprintf("is bound through the tag %s and is pinned to the revision itself in its wave", tag)
	if tag == mesh.DefaultTag {
		text = "is bound by default and is pinned to the revision itself in its wave"
	}
	switch {
	case keepsLabels(t, subject) && tag == mesh.DefaultTag:
		return "is bound by default, which leads to " + t.Revision + " already: its label stays as it is"
	case keepsLabels(t, subject):
		return fmt.Sprintf("is bound through the tag %s, which leads to %s already: its label stays as it is", tag, t.Revision)
	case again:
		return text + "; once the last wave is proven the tag is moved, and it gets its own label back"
	case moves:
		return text + "; the tag is moved after the last wave, and its label stays explicit"
	}
	return text + ": the tag is not moved, and its label stays explicit"
}

// noEffect names labels of a template that decide nothing: the namespace's
// decide before them.
func noEffect(w mesh.World, t step.Target, ns mesh.Namespace, wl mesh.Workload) []step.Note {
	label, labelled := wl.Template.Labels[mesh.RevisionLabel]
	if _, own := t.TemplateLabels[wl.Ref()]; own {
		text := "is bound by its pods' own labels: its template is pinned to the revision itself in the same write as its restart, and its namespace is not labelled"
		switch p := strategy.Decide(t.Policy, wl); {
		case !p.Moves() && p.Strategy != step.Automatic:
			return nil // said with why it is not moved
		case p.Strategy == step.Automatic || len(wl.Live()) == 0:
			text = "is bound by its pods' own labels: its template is pinned to the revision itself, without a restart, and its namespace is not labelled"
		}
		return append(keptTemplate(t, wl), step.Note{Kind: step.ByTag, Subject: string(wl.Ref()), Text: text, Evidence: fmt.Sprintf("%s=%s, %s=%s", mesh.RevisionLabel, cmp.Or(label, "(none)"), mesh.SidecarLabel, cmp.Or(wl.Template.Labels[mesh.SidecarLabel], "(none)"))})
	}
	if !labelled || wl.Gateway || !ns.Binding().Injection.Set && !ns.Binding().Revision.Set {
		return nil
	}
	if by := w.Injectors(ns, wl.Template); slices.Equal(by, []string{label}) {
		return nil
	}
	return []step.Note{{Kind: step.NoEffect, Subject: string(wl.Ref()), Text: "its template's label " + mesh.RevisionLabel + "=" + label + " has no effect: its namespace's label decides", Evidence: ns.Binding().String()}}
}

// tagNotes names the tags that bound what is moved and stay where they are, and
// those that somebody else keeps.
func tagNotes(w mesh.World, t step.Target) []step.Note {
	var notes []step.Note
	for _, tag := range slices.Sorted(maps.Keys(t.Baseline.Tags)) {
		at := t.Baseline.Tags[tag]
		_, moves := t.Tags[tag]
		if i := slices.IndexFunc(w.Tags, func(x mesh.Tag) bool { return x.Name == tag }); moves && i >= 0 && w.Tags[i].ManagedBy != "" {
			notes = append(notes, step.Note{Kind: step.TagStays, Subject: "tag " + tag, Text: fmt.Sprintf("is kept by %s, which may point it back: change it there as well", w.Tags[i].ManagedBy), Evidence: "at " + at})
		}
		if moves || at == t.Revision {
			continue
		}
		text, evidence, clears := "stays where it is, as asked", "at "+at, ""
		if now := strings.Join(w.TagRevisions(tag), "+"); now != at {
			text, evidence = "is left as it is: others have moved it, or taken it away, since it was found at "+at, "at "+cmp.Or(now, "no revision")
		}
		if binding.SplitTag(at) {
			text = "stays where it is: its parts point to different revisions, and the way back could not restore that"
			clears = fmt.Sprintf("point its webhooks, its Service and, of the default, the validator to one revision (`istioctl tag set %s --revision REVISION --overwrite`, or chart istiod's revisionTags and chart base's defaultRevision), and plan anew", tag)
		}
		if others := binding.Bystanders(t, w, tag); len(others) > 0 {
			text = "stays where it is: others are bound by it, which this run does not move; bind them to what they run by its own name, and it can be moved"
			evidence += "; bound by it: " + mesh.JoinRefs(others)
		}
		notes = append(notes, step.Note{Kind: step.TagStays, Subject: "tag " + tag, Text: text, Evidence: evidence, Remedy: clears})
	}
	return notes
}
