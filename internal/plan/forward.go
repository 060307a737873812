// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"cmp"
	"slices"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/baseline"
	"github.com/rerig/rerig/internal/plan/binding"
	"github.com/rerig/rerig/internal/plan/selection"
	"github.com/rerig/rerig/internal/plan/strategy"
	"github.com/rerig/rerig/internal/step"
)

// ForwardTarget is the target that an intent asks for. The waves of a run that was
// begun stand, and so does what it found; for one that begins the namespaces are
// selected and divided now. An error is a request that cannot be met: it says
// what was found and what to do. A run that was begun has a target all the same,
// and Gone is its only error.
func ForwardTarget(w mesh.World, in step.Intent, l step.Ledger) (step.Target, error) {
	t := step.Target{Run: in.Run, Revision: in.Revision, Version: in.Version, Input: in.Input, Soak: in.Soak, Policy: in.Policy, From: in.From,
		Bindings: map[string]mesh.Binding{}, Revisions: map[string]string{},
		WorkloadRevisions: map[mesh.WorkloadRef]string{}, TemplateLabels: map[mesh.WorkloadRef]string{}, Tags: map[string]string{}, FinalBindings: map[string]mesh.Binding{}}
	waves, begins := l.Waves, l.Waves == nil
	none := validateRevision(w, in, begins)
	if begins && none != nil {
		return t, none
	}
	t.Baseline = l.Baseline
	if begins {
		if err := ValidateFrom(w, in); err != nil {
			return t, err
		}
		selected, err := selection.Namespaces(w, in)
		if err != nil {
			return t, err
		}
		if waves, err = selection.Divide(w, in, selected); err != nil {
			return t, err
		}
		t.Baseline = baseline.New(w, in, selected)
	}
	t.Policy.TemplateLabels = t.TemplateLabels
	if in.Tags != step.KeepTags {
		for _, tag := range t.Baseline.MovedTags {
			t.Tags[tag] = in.Revision
		}
	}
	for i, wave := range waves {
		t.Waves = append(t.Waves, step.Wave{Number: i + 1, Namespaces: wave})
		for _, name := range wave {
			bindNamespace(t, w, in, name)
		}
	}
	t.Policy.LabelsWritten = t.Baseline.LabelsWritten(t.TemplateLabels)
	if !begins {
		return t, none
	}
	return t, cmp.Or(strategy.ValidateRules(w, in.Policy.Rules), strategy.ValidateSwapRules(w, t))
}

// bindNamespace says what becomes of one namespace. One that labels bind is pinned to the
// revision, unless a tag leads it there already; in one that none binds, the
// workloads are that their own labels bind. One that came once its tag had been
// moved is led there, too.
func bindNamespace(t step.Target, w mesh.World, in step.Intent, name string) {
	ns, _ := w.Namespace(name)
	if t.Baseline.Revisions[step.BoundNamespace(name)] != "" {
		t.Bindings[name], t.Revisions[name] = mesh.Pinned(in.Revision), in.Revision
		if t.Baseline.Tag[step.BoundNamespace(name)] != "" && t.Baseline.Revisions[step.BoundNamespace(name)] == in.Revision && in.Labels != step.ExplicitLabels {
			t.Bindings[name], _ = mesh.ParseBinding(t.Baseline.Bindings[name])
			return
		}
		if _, moves := t.Tags[t.Baseline.Tag[step.BoundNamespace(name)]]; moves && in.Labels != step.ExplicitLabels {
			t.FinalBindings[name], _ = mesh.ParseBinding(t.Baseline.Bindings[name])
		}
		return
	}
	for _, wl := range w.In(name) {
		_, own := t.Baseline.TemplateLabels[wl.Ref()]
		if !own && !binding.BoundByOwnLabels(w, ns, wl) {
			continue
		}
		t.WorkloadRevisions[wl.Ref()] = in.Revision
		if own || !slices.Equal(w.Injectors(ns, wl.Template), []string{in.Revision}) {
			t.TemplateLabels[wl.Ref()] = in.Revision
		}
	}
}
