// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"cmp"
	"slices"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// RollbackTarget is the target that restores the baseline: the waves in reverse
// order, or only the one wave that is given (0 means all). A control plane that
// was taken away comes back from what was kept of it; the one that was installed
// stays, unused.
func RollbackTarget(in step.Intent, l step.Ledger, wave int) step.Target {
	t := step.Target{Run: in.Run, Rollback: true, Policy: in.Policy, Baseline: l.Baseline, From: in.From, LeftRevision: in.Revision, Bindings: map[string]mesh.Binding{}, Revisions: map[string]string{},
		WorkloadRevisions: map[string]string{}, TemplateLabels: map[string]string{}, Tags: map[string]string{}, Versions: l.Baseline.Versions}
	t.Policy.TemplateLabels, t.Policy.Run, t.Policy.Unannotated = t.TemplateLabels, in.Run, l.Unannotated()
	for i, namespaces := range slices.Backward(l.Waves) {
		if wave != 0 && wave != i+1 {
			continue
		}
		t.Waves = append(t.Waves, step.Wave{Number: i + 1, Namespaces: namespaces})
		for _, ns := range namespaces {
			// What Found wrote always parses; were it damaged, no binding would
			// match and the plan would show labels being taken away.
			b, err := mesh.ParseBinding(l.Baseline.Bindings[ns])
			if err != nil {
				continue
			}
			if t.Revisions[ns] = l.Baseline.Revisions[ns]; t.Revisions[ns] != "" {
				t.Bindings[ns] = b
			}
		}
	}
	restoreWorkloads(t, l.Baseline)
	forth := map[string]string{}
	for key := range t.TemplateLabels {
		forth[key] = in.Revision
	}
	t.Policy.LabelsWritten = l.Baseline.LabelsWritten(forth)
	for _, tag := range l.Baseline.MovedTags {
		if wave == 0 && in.Tags != step.KeepTags {
			t.Tags[tag] = l.Baseline.Tags[tag]
		}
	}
	return t
}

// restoreWorkloads gives the workloads of its namespaces that were bound by labels of
// their own what they had.
func restoreWorkloads(t step.Target, b step.Baseline) {
	for key, label := range b.TemplateLabels {
		if _, here := t.Revisions[step.NamespaceOf(key)]; here {
			t.WorkloadRevisions[key], t.TemplateLabels[key] = cmp.Or(b.Revisions[key], b.Sidecars[key]), label // a record of an older version has the sidecars alone
		}
	}
}
