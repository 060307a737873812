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
	"github.com/rerig/rerig/internal/plan/selection"
	"github.com/rerig/rerig/internal/plan/strategy"
	"github.com/rerig/rerig/internal/step"
)

// outsideSelection notes a workload with sidecars in a namespace that is not moved.
func outsideSelection(w mesh.World, t step.Target, wl mesh.Workload) []step.Note {
	_, moved := t.Baseline.Revisions[step.BoundNamespace(wl.Namespace)]
	ns, _ := w.Namespace(wl.Namespace)
	if moved || binding.Labelled(ns) || t.RevisionOf(wl) != "" {
		return nil
	}
	if by := w.Injectors(ns, wl.Template); len(wl.Live()) == 0 && binding.BoundByOwnLabels(w, ns, wl) &&
		!slices.Equal(by, []string{t.Revision}) {
		return []step.Note{{Kind: step.NotMoved, Subject: string(wl.Ref()),
			Text:     "is not moved: its namespace is not selected; its pods' own labels choose its revision",
			Evidence: fmt.Sprintf("no pods; the next one would be injected by %s", strings.Join(by, " and "))}}
	}
	if !wl.Injected() || slices.Equal(wl.Sidecars(), []string{t.Revision}) {
		return nil
	}
	return []step.Note{{Kind: step.NotMoved, Subject: string(wl.Ref()),
		Text:     "is not moved: its namespace is not selected; its pods' own labels, or the default revision, chose its revision",
		Evidence: "sidecars of " + strings.Join(wl.Sidecars(), ", ")}}
}

// leftOut notes namespaces that are excluded by name, and those where a label selects no
// revision and nothing runs.
func leftOut(w mesh.World, t step.Target) []step.Note {
	var notes []step.Note
	for _, ns := range w.Namespaces {
		_, moved := t.Bindings[ns.Name]
		switch {
		case slices.Contains(t.Excluded, ns.Name):
			notes = append(notes, step.Note{Kind: step.NotMoved, Subject: ns.Name, Evidence: ns.Binding().String(),
				Text: "is not moved: it is excluded (--exclude-namespace, spec.namespaces.exclude)"})
		case ns.Mesh == "" && ns.Name != w.RootNamespace && !moved && selection.StaleLabel(w, ns):
			notes = append(notes, step.Note{Kind: step.NoEffect, Subject: ns.Name, Evidence: ns.Binding().String(),
				Text:   "has a label that no webhook selects, and nothing runs there: it is not part of the run, and new pods get no sidecar",
				Remedy: fmt.Sprintf("remove the label (`kubectl label namespace %s %s-`), or name a revision that exists", ns.Name, staleKey(ns))})
		}
	}
	return notes
}

// staleKey returns the key of the label that decides.
func staleKey(ns mesh.Namespace) string {
	if ns.Binding().Injection.Set {
		return mesh.InjectionLabel
	}
	return mesh.RevisionLabel
}

// labelNotes notes how a namespace is moved that is bound otherwise than by a revision's
// name, and labels in it that have no effect.
func labelNotes(w mesh.World, t step.Target, ns mesh.Namespace) []step.Note {
	var notes []step.Note
	if tag := t.Baseline.Tag[step.BoundNamespace(ns.Name)]; tag != "" {
		notes = append(notes, step.Note{Kind: step.ByTag, Subject: ns.Name, Text: byTag(t, tag, ns.Name), Evidence: t.Baseline.Bindings[ns.Name]})
	}
	if tags := w.BoundThrough(ns, mesh.Template{}); len(tags) > 1 {
		notes = append(notes, step.Note{
			Kind: step.ByTag, Subject: ns.Name,
			Text:     "is bound through more than one webhook: in its wave it is labelled with the revision's name, and keeps that label",
			Evidence: "by " + describeTags(tags),
		})
	}
	if ns.ManagedBy != "" && len(t.Bindings) > 0 && !keepsLabels(t, ns.Name) {
		notes = append(notes, step.Note{
			Kind:     step.ForCommit,
			Subject:  ns.Name,
			Text:     fmt.Sprintf("is managed by %s: Rerig waits for its labels instead of writing them", ns.ManagedBy),
			Evidence: ns.Binding().String(),
			Remedy:   fmt.Sprintf("commit %s there when its wave begins", t.Bindings[ns.Name]),
		})
	}
	notes = append(notes, setByTool(t, ns)...)
	if b := ns.Binding(); b.Injection.Set && b.Revision.Set {
		notes = append(notes, step.Note{
			Kind: step.NoEffect, Subject: ns.Name,
			Text:     "has both labels: " + mesh.InjectionLabel + " decides, and " + mesh.RevisionLabel + " has no effect",
			Evidence: b.String(),
		})
	}
	for _, wl := range w.WorkloadsIn(ns.Name) {
		notes = append(notes, noEffect(w, t, ns, wl)...)
	}
	return notes
}

// describeTags describes what World.BoundThrough returns.
func describeTags(tags []string) string {
	special := map[string]string{"": "the revision's name", mesh.DefaultTag: "the default revision"}
	var list []string
	for _, tag := range tags {
		list = append(list, cmp.Or(special[tag], "tag "+tag))
	}
	return strings.Join(list, ", ")
}

// managedTemplate notes a template that is labelled and that another tool manages: it may
// restore the old label.
func managedTemplate(t step.Target, wl mesh.Workload) []step.Note {
	if step.TemplateLabelOf(wl) == t.TemplateLabels[wl.Ref()] {
		return nil
	}
	if wl.ManagedBy == "" {
		return setTemplate(t, wl)
	}
	if n, is := releaseNote(t, wl); is {
		return []step.Note{n}
	}
	if strategy.Decide(t.Policy, wl).Strategy == step.ByHold {
		return []step.Note{{
			Kind:     step.ForCommit,
			Subject:  string(wl.Ref()),
			Text:     fmt.Sprintf("is managed by %s: while its rollout is held, Rerig waits for the label of its template", wl.ManagedBy),
			Evidence: mesh.BindingTo(step.TemplateLabelOf(wl)).String(),
			Remedy: fmt.Sprintf("commit %s in its template when its wave begins and the run waits for it, not before: its rollout is held then",
				mesh.BindingTo(t.TemplateLabels[wl.Ref()])),
		}}
	}
	return []step.Note{{
		Kind:     step.ForCommit,
		Subject:  string(wl.Ref()),
		Text:     "has a template that another tool manages: if that tool restores its old label, new pods get the old revision again",
		Evidence: "managed by " + wl.ManagedBy,
		Remedy:   fmt.Sprintf("commit %s there as well when its wave begins", mesh.BindingTo(t.TemplateLabels[wl.Ref()])),
	}}
}

// conditional notes webhooks with matchConditions, which are not evaluated.
func conditional(w mesh.World) []step.Note {
	var notes []step.Note
	for _, h := range w.Webhooks {
		if h.Conditions > 0 {
			notes = append(notes, step.Note{
				Kind: step.NotEvaluated, Subject: "webhook " + h.Configuration + " (" + h.Name + ")",
				Evidence: fmt.Sprintf("%d matchConditions", h.Conditions),
				Text: "has matchConditions, which are not evaluated: this plan goes by its selectors, and a pod that a condition excludes " +
					"gets no sidecar from it",
			})
		}
	}
	return notes
}

// keepsLabels reports whether a namespace keeps the labels of the baseline.
func keepsLabels(t step.Target, name string) bool {
	b, bound := t.Bindings[name]
	return bound && b.String() == t.Baseline.Bindings[name]
}

// byTag describes what happens to a namespace that a tag binds.
func byTag(t step.Target, tag, subject string) string {
	_, moves := t.Tags[tag]
	_, again := t.FinalBindings[subject]
	text := fmt.Sprintf("is bound through the tag %s; in its wave it is labelled with the revision's name", tag)
	if tag == mesh.DefaultTag {
		text = "is bound by the default revision; in its wave it is labelled with the revision's name"
	}
	switch {
	case keepsLabels(t, subject) && tag == mesh.DefaultTag:
		return "is bound by the default revision, which already names " + t.Revision + ": its label is not changed"
	case keepsLabels(t, subject):
		return fmt.Sprintf("is bound through the tag %s, which already names %s: its label is not changed", tag, t.Revision)
	case again:
		return text + "; after the last wave the tag is moved and its own label is restored"
	case moves:
		return text + "; the tag is moved after the last wave, and it keeps the revision's name"
	}
	return text + "; the tag is not moved, and it keeps the revision's name"
}

// noEffect notes labels of a template, and those of them that have no effect because the
// namespace's labels decide.
func noEffect(w mesh.World, t step.Target, ns mesh.Namespace, wl mesh.Workload) []step.Note {
	label, labelled := wl.Template.Labels[mesh.RevisionLabel]
	if _, own := t.TemplateLabels[wl.Ref()]; own {
		text := "is bound by its pods' own labels: its template is labelled with the revision's name in the same write as its restart, " +
			"and its namespace is not labelled"
		switch p := strategy.Decide(t.Policy, wl); {
		case !p.Moves() && p.Strategy != step.Automatic:
			return nil // its blocker or exemption says why
		case p.Strategy == step.ByHold:
			text = "is bound by its pods' own labels: its template is labelled with the revision's name while its rollout is held, and its " +
				"namespace is not labelled"
		case p.Strategy == step.Automatic || len(wl.Live()) == 0:
			text = "is bound by its pods' own labels: its template is labelled with the revision's name, without a restart, and its " +
				"namespace is not labelled"
		}
		injects := cmp.Or(wl.Template.Labels[mesh.SidecarLabel], "(none)")
		return append(managedTemplate(t, wl), step.Note{
			Kind:     step.ByTag,
			Subject:  string(wl.Ref()),
			Text:     text,
			Evidence: fmt.Sprintf("%s=%s, %s=%s", mesh.RevisionLabel, cmp.Or(label, "(none)"), mesh.SidecarLabel, injects),
		})
	}
	if !labelled || !t.Policy.Includes(wl) || w.TemplateLabelDecides(wl) {
		return nil
	}
	if by := w.Injectors(ns, wl.Template); slices.Equal(by, []string{label}) {
		return nil
	}
	text, evidence := "its namespace's label decides", ns.Binding()
	if !evidence.Injection.Set && !evidence.Revision.Set {
		text = "its pods are not injected"
	}
	return []step.Note{
		{
			Kind: step.NoEffect, Subject: string(wl.Ref()),
			Text:     "has a template label " + mesh.RevisionLabel + "=" + label + " without effect: " + text,
			Evidence: evidence.String(),
		},
	}
}

// tagNotes notes tags that are not moved though they bind what is moved, and tags that
// another tool manages.
func tagNotes(w mesh.World, t step.Target) []step.Note {
	var notes []step.Note
	for _, tag := range slices.Sorted(maps.Keys(t.Baseline.Tags)) {
		at := t.Baseline.Tags[tag]
		_, moves := t.Tags[tag]
		if i := slices.IndexFunc(w.Tags, func(x mesh.Tag) bool { return x.Name == tag }); moves && i >= 0 && w.Tags[i].ManagedBy != "" {
			notes = append(notes, step.Note{
				Kind:     step.TagStays,
				Subject:  "tag " + tag,
				Text:     fmt.Sprintf("is managed by %s, which may move it back", w.Tags[i].ManagedBy),
				Evidence: "names " + at,
				Remedy:   "change it there as well",
			})
		}
		if moves || at == t.Revision {
			continue
		}
		text, evidence, remedy := "is not moved, as requested", "names "+at, ""
		if now := mesh.JoinRevisions(w.TagRevisions(tag)); now != at {
			text, evidence = "is not moved: another tool or person moved or removed it since the run began, "+
				"when it named "+at, "names "+cmp.Or(now, "no revision")
		}
		if binding.SplitTag(at) {
			text = "is not moved: its parts name different revisions, and a rollback could not restore that"
			remedy = fmt.Sprintf(
				"point its webhooks, its Service and, for the default, the validator to one revision (`istioctl tag set %s --revision "+
					"REVISION --overwrite`, or chart istiod's revisionTags and chart base's defaultRevision), and plan again",
				tag,
			)
		}
		if others := binding.Bystanders(t, w, tag); len(others) > 0 {
			text, remedy = "is not moved: it binds workloads that this run does not move", ByOwnName
			evidence += "; binds " + mesh.JoinRefs(others)
		}
		notes = append(notes, step.Note{Kind: step.TagStays, Subject: "tag " + tag, Text: text, Evidence: evidence, Remedy: remedy})
	}
	return notes
}
