// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/rerig/rerig/internal/mesh"
)

// outside names a workload with sidecars in a namespace that is not moved.
func outside(w mesh.World, t Target, wl mesh.Workload) []Note {
	_, moved := t.Found.Revisions[wl.Namespace]
	ns, _ := w.Namespace(wl.Namespace)
	if moved || bound(ns) {
		return nil
	}
	if by := w.Injectors(ns, wl.Template); len(wl.Live()) == 0 && ownBound(w, ns, wl) && !slices.Equal(by, []string{t.Revision}) {
		return []Note{{Kind: NotMoved, Subject: wl.Key(), Text: "is not moved: its namespace is not among those that are; its pods' own labels choose its revision",
			Evidence: fmt.Sprintf("no pods; the next one would be injected by %s", strings.Join(by, " and "))}}
	}
	if !wl.Injected() || slices.Equal(wl.Sidecars(), []string{t.Revision}) {
		return nil
	}
	return []Note{{Kind: NotMoved, Subject: wl.Key(), Text: "is not moved: its namespace is not among those that are; its pods' own labels, or the default, chose its revision",
		Evidence: "sidecars of " + strings.Join(wl.Sidecars(), ", ")}}
}

// labelNotes says how a namespace that is bound by more or less than a revision's
// own name is moved, and which labels in it decide nothing.
func labelNotes(w mesh.World, t Target, ns mesh.Namespace) []Note {
	var notes []Note
	if tag := t.Found.Through[ns.Name]; tag != "" {
		notes = append(notes, Note{Kind: ByTag, Subject: ns.Name, Text: byTag(t, tag, ns.Name), Evidence: t.Found.Bindings[ns.Name]})
	}
	if ways := w.Ways(ns, mesh.Template{}); len(ways) > 1 {
		notes = append(notes, Note{Kind: ByTag, Subject: ns.Name, Text: "is bound in more than one way at once: it is pinned to the revision itself in its wave, and its label stays explicit", Evidence: "by " + spoken(ways)})
	}
	if ns.Owner != "" && len(t.Bindings) > 0 && !t.keeps(ns.Name) {
		notes = append(notes, Note{Kind: ForCommit, Subject: ns.Name,
			Text: fmt.Sprintf("is kept as it is by %s: its labels are not written but waited for; commit %s there when its wave comes", ns.Owner, t.Bindings[ns.Name]), Evidence: ns.Binding().String()})
	}
	if b := ns.Binding(); b.Injection.Set && b.Revision.Set {
		notes = append(notes, Note{Kind: NoEffect, Subject: ns.Name, Text: "bears both labels: " + mesh.InjectionLabel + " decides, and " + mesh.RevisionLabel + " has no effect", Evidence: b.String()})
	}
	for _, wl := range w.In(ns.Name) {
		notes = append(notes, ineffective(w, t, ns, wl)...)
	}
	return notes
}

// spoken names ways to a revision: tags, the default, the revision's own name.
func spoken(ways []string) string {
	var list []string
	for _, way := range ways {
		list = append(list, cmp.Or(map[string]string{"": "the revision's own name", mesh.DefaultTag: "the default"}[way], "tag "+way))
	}
	return strings.Join(list, ", ")
}

// keptTemplate names a template that is pinned and that somebody else keeps: taken
// back, the label binds the workload to what it had.
func keptTemplate(t Target, wl mesh.Workload) []Note {
	if wl.KeptBy == "" || pinOf(wl) == t.Pins[wl.Key()] {
		return nil
	}
	return []Note{{Kind: ForCommit, Subject: wl.Key(), Evidence: "kept by " + wl.KeptBy,
		Text: fmt.Sprintf("has its template kept by somebody else: the label is written all the same, and when it is taken back the next pod is of the old revision again: commit %s there as well when its wave comes", mesh.Pinned(t.Pins[wl.Key()]))}}
}

// conditional names the webhooks whose matchConditions decide as well: what they
// inject is told by their selectors alone.
func conditional(w mesh.World) []Note {
	var notes []Note
	for _, h := range w.Webhooks {
		if h.Conditions > 0 {
			notes = append(notes, Note{Kind: NotEvaluated, Subject: "webhook " + h.Configuration + " (" + h.Name + ")", Evidence: fmt.Sprintf("%d matchConditions", h.Conditions),
				Text: "decides by matchConditions too, which are not evaluated: whom it injects is told by its selectors alone, and a pod that a condition excludes gets no sidecar from it"})
		}
	}
	return notes
}

// keeps reports whether a namespace is to bear the labels that it was found with.
func (t Target) keeps(name string) bool {
	b, bound := t.Bindings[name]
	return bound && b.String() == t.Found.Bindings[name]
}

// byTag tells what becomes of a namespace that a tag bound.
func byTag(t Target, tag, subject string) string {
	_, moves := t.Tags[tag]
	_, again := t.Final[subject]
	text := fmt.Sprintf("is bound through the tag %s and is pinned to the revision itself in its wave", tag)
	if tag == mesh.DefaultTag {
		text = "is bound by default and is pinned to the revision itself in its wave"
	}
	switch {
	case t.keeps(subject) && tag == mesh.DefaultTag:
		return "is bound by default, which leads to " + t.Revision + " already: its label stays as it is"
	case t.keeps(subject):
		return fmt.Sprintf("is bound through the tag %s, which leads to %s already: its label stays as it is", tag, t.Revision)
	case again:
		return text + "; once the last wave is proven the tag is moved, and it gets its own label back"
	case moves:
		return text + "; the tag is moved after the last wave, and its label stays explicit"
	}
	return text + ": the tag is not moved, and its label stays explicit"
}

// ineffective names labels of a template that decide nothing: the namespace's
// decide before them.
func ineffective(w mesh.World, t Target, ns mesh.Namespace, wl mesh.Workload) []Note {
	label, labelled := wl.Template.Labels[mesh.RevisionLabel]
	if _, own := t.Pins[wl.Key()]; own {
		text := "is bound by its pods' own labels: its template is pinned to the revision itself in the same write as its restart, and its namespace is not labelled"
		switch p := t.Policy.Passage(wl); {
		case !p.Moves() && p.Way != ByItself:
			return nil // said with why it is not moved
		case p.Way == ByItself || len(wl.Live()) == 0:
			text = "is bound by its pods' own labels: its template is pinned to the revision itself, without a restart, and its namespace is not labelled"
		}
		return append(keptTemplate(t, wl), Note{Kind: ByTag, Subject: wl.Key(), Text: text, Evidence: fmt.Sprintf("%s=%s, %s=%s", mesh.RevisionLabel, cmp.Or(label, "(none)"), mesh.SidecarLabel, cmp.Or(wl.Template.Labels[mesh.SidecarLabel], "(none)"))})
	}
	if !labelled || wl.Gateway || !ns.Binding().Injection.Set && !ns.Binding().Revision.Set {
		return nil
	}
	if by := w.Injectors(ns, wl.Template); slices.Equal(by, []string{label}) {
		return nil
	}
	return []Note{{Kind: NoEffect, Subject: wl.Key(), Text: "its template's label " + mesh.RevisionLabel + "=" + label + " has no effect: its namespace's label decides", Evidence: ns.Binding().String()}}
}

// tagNotes names the tags that bound what is moved and stay where they are, and
// those that somebody else keeps.
func tagNotes(w mesh.World, t Target) []Note {
	var notes []Note
	for _, tag := range slices.Sorted(maps.Keys(t.Found.Tags)) {
		at := t.Found.Tags[tag]
		_, moves := t.Tags[tag]
		if i := slices.IndexFunc(w.Tags, func(x mesh.Tag) bool { return x.Name == tag }); moves && i >= 0 && w.Tags[i].Owner != "" {
			notes = append(notes, Note{Kind: TagStays, Subject: "tag " + tag, Text: fmt.Sprintf("is kept by %s, which may point it back: change it there as well", w.Tags[i].Owner), Evidence: "at " + at})
		}
		if moves || at == t.Revision {
			continue
		}
		text, evidence, clears := "stays where it is, as asked", "at "+at, ""
		if now := strings.Join(w.TagAt(tag), "+"); now != at {
			text, evidence = "is left as it is: others have moved it, or taken it away, since it was found at "+at, "at "+cmp.Or(now, "no revision")
		}
		if split(at) {
			text = "stays where it is: its parts point to different revisions, and the way back could not restore that"
			clears = fmt.Sprintf("point its webhooks, its Service and, of the default, the validator to one revision (`istioctl tag set %s --revision REVISION --overwrite`, or chart istiod's revisionTags and chart base's defaultRevision), and plan anew", tag)
		}
		if others := t.Bystanders(w, tag); len(others) > 0 {
			text = "stays where it is: others are bound by it, which this run does not move; bind them to what they run by its own name, and it can be moved"
			evidence += "; bound by it: " + strings.Join(others, ", ")
		}
		notes = append(notes, Note{Kind: TagStays, Subject: "tag " + tag, Text: text, Evidence: evidence, Clears: clears})
	}
	return notes
}
