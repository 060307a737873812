// SPDX-License-Identifier: Apache-2.0

package strategy

import (
	"time"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/binding"
	"github.com/rerig/rerig/internal/step"
)

// RenderRestart renders the restart annotation, and the template label, of a rolling
// restart.
func RenderRestart(s step.Step, run string, at time.Time) (step.Change, error) {
	wl, err := mesh.ParseWorkloadRef(string(s.Subject))
	if err != nil {
		return step.Change{}, step.NewFault(s, "%s", err)
	}
	annotations := map[string]any{step.RunAnnotation: run, step.RestartedAnnotation: at.UTC().Format(time.RFC3339)}
	metadata := map[string]any{"annotations": annotations}
	if s.TemplateLabel != "" {
		metadata["labels"] = map[string]any{mesh.RevisionLabel: binding.PatchValue(s.TemplateLabel)}
	}
	body := map[string]any{"spec": map[string]any{"template": map[string]any{"metadata": metadata}}}
	return step.MergePatch(string(wl.Kind()), wl.Namespace(), wl.Name(), "", body)
}

// RestartSteps returns the workloads of a wave that are moved by a restart and are not of
// the target's revision.
func RestartSteps(w mesh.World, t step.Target, l step.Ledger, g step.Wave) []step.Step {
	var steps []step.Step
	for _, name := range g.Namespaces {
		for _, wl := range w.WorkloadsIn(name) {
			want := t.RevisionOf(wl)
			if want == "" {
				continue
			}
			old := Outdated(w, wl, want)
			if t.Rollback && len(old) == 0 && lostSidecar(wl, t.Run, l) {
				old = []string{"no sidecar"}
			}
			if len(old) == 0 {
				old = binding.StaleTemplateRevision(t, w, wl)
			}
			p := Decide(t.Policy, wl)
			if len(old) == 0 || p.Strategy != step.ByRestart && p.Strategy != step.ByField || l.Restarted(wl, want) >= step.MaxAttempts {
				continue
			}
			steps = append(steps, step.Step{
				Kind: step.Restart, Wave: g.Number, Subject: step.Subject(wl.Ref()), From: mesh.JoinRevisions(old), To: want,
				Field: p.Field, API: wl.APIVersion, TemplateLabel: t.TemplateLabels[wl.Ref()],
			})
		}
	}
	return steps
}
