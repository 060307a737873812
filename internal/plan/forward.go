// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"cmp"
	"slices"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/baseline"
	"github.com/rerig/rerig/internal/plan/binding"
	"github.com/rerig/rerig/internal/plan/gateway"
	"github.com/rerig/rerig/internal/plan/selection"
	"github.com/rerig/rerig/internal/plan/strategy"
	"github.com/rerig/rerig/internal/step"
)

// ForwardTarget returns the target that an intent asks for. A run that has begun keeps
// its waves and baseline; for one that begins, namespaces are selected and divided now.
// An error is a request that cannot be met: it says what was observed and what to do. A
// run that has begun has a target even so, and its only error is RevisionMissing.
func ForwardTarget(w mesh.World, in step.Intent, l step.Ledger) (step.Target, error) {
	in.Policy.UnmovableGateways = gateway.Unmovable(versionOf(w, in))
	t := step.Target{
		Run: in.Run, Revision: in.Revision, Version: in.Version, Input: in.Input, Rendered: l.Rendered,
		Soak: in.Soak, ParkMax: cmp.Or(in.ParkMax, step.DefaultParkMax), Policy: in.Policy, From: in.From,
		Excluded: in.Exclude,
		Bindings: map[string]mesh.Binding{}, FinalBindings: map[string]mesh.Binding{}, Tags: map[string]string{},
		Revisions: map[string]string{}, WorkloadRevisions: map[mesh.WorkloadRef]string{}, TemplateLabels: map[mesh.WorkloadRef]string{},
		GatewayLabels: map[mesh.WorkloadRef]string{}, RenderedInputs: l.RenderedInputs,
	}
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
		t.Baseline = baseline.New(w, in, slices.Concat(waves...))
	}
	t.Policy.TemplateLabels, t.Policy.RenderedGateways = t.TemplateLabels, t.Baseline.Rendered
	if in.Tags != step.KeepTags {
		for _, tag := range t.Baseline.MovedTags {
			t.Tags[tag] = in.Revision
		}
	}
	for i, wave := range waves {
		t.Waves = append(t.Waves, step.Wave{Number: i + 1, Namespaces: wave})
		for _, name := range wave {
			bindNamespace(t, w, in, name)
			bindGateways(t, w, in, name)
			for _, wl := range w.WorkloadsIn(name) {
				if _, known := t.Baseline.Rendered[wl.Ref()]; known {
					t.WorkloadRevisions[wl.Ref()] = in.Revision
				}
			}
		}
	}
	t.Policy.LabelsWritten = t.Baseline.LabelsWritten(t.TemplateLabels)
	if !begins {
		return t, none
	}
	return t, cmp.Or(strategy.ValidateRules(w, in.Policy.Rules), strategy.ValidateSwapRules(w, t))
}

// versionOf returns the Istio version of the target's revision, "" while it is not known.
func versionOf(w mesh.World, in step.Intent) string {
	if r, there := w.Revision(in.Revision); there {
		return r.Version
	}
	return in.Version
}

// bindGateways sets the target of the gateways in a namespace that istiod deploys. A
// Gateway's own label names the target's revision at the end, unless it names a tag that
// moves.
func bindGateways(t step.Target, w mesh.World, in step.Intent, name string) {
	for _, wl := range w.WorkloadsIn(name) {
		label, known := t.Baseline.GatewayLabels[wl.Ref()]
		if !known {
			continue
		}
		t.WorkloadRevisions[wl.Ref()] = in.Revision
		if _, moves := t.Tags[label]; label != step.NoLabel && !moves {
			label = in.Revision
		}
		t.GatewayLabels[wl.Ref()] = label
	}
}

// bindNamespace sets the target of a namespace. One that labels bind is labelled with
// the revision's name, unless its tag names the revision already; in one that no label
// binds, workloads that their own labels bind are labelled.
func bindNamespace(t step.Target, w mesh.World, in step.Intent, name string) {
	ns, _ := w.Namespace(name)
	if t.Baseline.Revisions[step.BoundNamespace(name)] != "" {
		t.Bindings[name], t.Revisions[name] = mesh.BindingTo(in.Revision), in.Revision
		if t.Baseline.Tag[step.BoundNamespace(name)] != "" && t.Baseline.Revisions[step.BoundNamespace(name)] == in.Revision &&
			in.Labels != step.ExplicitLabels {
			t.Bindings[name], _ = mesh.ParseBinding(t.Baseline.Bindings[name])
			return
		}
		if _, moves := t.Tags[t.Baseline.Tag[step.BoundNamespace(name)]]; moves && in.Labels != step.ExplicitLabels {
			t.FinalBindings[name], _ = mesh.ParseBinding(t.Baseline.Bindings[name])
		}
		return
	}
	for _, wl := range w.WorkloadsIn(name) {
		_, own := t.Baseline.TemplateLabels[wl.Ref()]
		if !own && !(in.Policy.Includes(wl) && binding.BoundByOwnLabels(w, ns, wl)) {
			continue
		}
		t.WorkloadRevisions[wl.Ref()] = in.Revision
		if own || !slices.Equal(w.Injectors(ns, wl.Template), []string{in.Revision}) {
			t.TemplateLabels[wl.Ref()] = in.Revision
		}
	}
}
