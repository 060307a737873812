// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"cmp"
	"slices"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// RollbackTarget returns the target that restores the baseline: the waves in reverse
// order, or only the given wave (0 for all). A removed control plane is restored from
// its saved copies; the one that was installed stays, unused.
func RollbackTarget(in step.Intent, l step.Ledger, wave int) step.Target {
	t := step.Target{
		Run: in.Run, Rollback: true, OnlyWave: wave, Policy: in.Policy, Baseline: l.Baseline, From: in.From, LeftRevision: in.Revision,
		ParkMax:  cmp.Or(in.ParkMax, step.DefaultParkMax),
		Versions: l.Baseline.Versions, Bindings: map[string]mesh.Binding{}, Tags: map[string]string{},
		Revisions: map[string]string{}, WorkloadRevisions: map[mesh.WorkloadRef]string{}, TemplateLabels: map[mesh.WorkloadRef]string{},
		GatewayLabels: map[mesh.WorkloadRef]string{},
	}
	t.Policy.TemplateLabels, t.Policy.Run, t.Policy.Unannotated = t.TemplateLabels, in.Run, l.Unannotated()
	t.Policy.RenderedGateways = l.Baseline.Rendered
	for i, namespaces := range slices.Backward(l.Waves) {
		if wave != 0 && wave != i+1 {
			continue
		}
		t.Waves = append(t.Waves, step.Wave{Number: i + 1, Namespaces: namespaces})
		for _, ns := range namespaces {
			restoreRendered(t, l.Baseline, ns)
			// A binding that baseline.New wrote always parses.
			b, err := mesh.ParseBinding(l.Baseline.Bindings[ns])
			if err != nil {
				continue
			}
			if t.Revisions[ns] = l.Baseline.Revisions[step.BoundNamespace(ns)]; t.Revisions[ns] != "" {
				t.Bindings[ns] = b
			}
		}
	}
	restoreWorkloads(t, l.Baseline)
	upgraded := map[mesh.WorkloadRef]string{}
	for ref := range t.TemplateLabels {
		upgraded[ref] = in.Revision
	}
	t.Policy.LabelsWritten = l.Baseline.LabelsWritten(upgraded)
	for _, tag := range l.Baseline.MovedTags {
		if wave == 0 && in.Tags != step.KeepTags {
			t.Tags[tag] = l.Baseline.Tags[tag]
		}
	}
	return t
}

// restoreRendered sets the target of the gateways that istioctl installed, of one namespace
// or wave, to the revision that they had.
func restoreRendered(t step.Target, b step.Baseline, name string) {
	for ref, revision := range b.Rendered {
		if name == string(ref) || name == ref.Namespace() {
			t.WorkloadRevisions[ref] = revision
		}
	}
}

// restoreWorkloads sets the target of workloads that their own labels bound, and of gateways
// that istiod deploys, to what they had.
func restoreWorkloads(t step.Target, b step.Baseline) {
	for ref, label := range b.GatewayLabels {
		if _, ok := t.Revisions[ref.Namespace()]; ok {
			t.WorkloadRevisions[ref], t.GatewayLabels[ref] = b.Sidecars[ref], label
		}
	}
	for ref, label := range b.TemplateLabels {
		if _, ok := t.Revisions[ref.Namespace()]; ok {
			// The first records have no revisions of workloads, only their sidecars.
			t.WorkloadRevisions[ref] = cmp.Or(b.Revisions[step.BoundWorkload(ref)], b.Sidecars[ref])
			t.TemplateLabels[ref] = label
		}
	}
}
