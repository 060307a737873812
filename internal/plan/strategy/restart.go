// SPDX-License-Identifier: Apache-2.0

package strategy

import (
	"strings"
	"time"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/binding"
	"github.com/rerig/rerig/internal/step"
)

func RenderRestart(s step.Step, run string, at time.Time) (step.Change, error) {
	wl, err := mesh.ParseWorkloadRef(string(s.Subject))
	if err != nil {
		return step.Change{}, step.NewFault(s, "%s", err)
	}
	metadata := map[string]any{"annotations": map[string]any{step.RunAnnotation: run, step.RestartedAnnotation: at.UTC().Format(time.RFC3339)}}
	if s.TemplateLabel != "" {
		metadata["labels"] = map[string]any{mesh.RevisionLabel: binding.PatchValue(s.TemplateLabel)}
	}
	return step.MergePatch(string(wl.Kind()), wl.Namespace(), wl.Name(), "", map[string]any{"spec": map[string]any{"template": map[string]any{"metadata": metadata}}})
}

func RestartSteps(w mesh.World, t step.Target, l step.Ledger, g step.Wave) []step.Step {
	var steps []step.Step
	for _, name := range g.Namespaces {
		for _, wl := range w.In(name) {
			want := t.RevisionOf(wl)
			if want == "" {
				continue
			}
			old := Outdated(w, wl, want)
			if t.Rollback && len(old) == 0 && LostSidecar(wl, t.Run, l) {
				old = []string{"no sidecar"}
			}
			if len(old) == 0 {
				old = binding.StaleTemplateRevision(t, w, wl)
			}
			p := Decide(t.Policy, wl)
			if len(old) == 0 || p.Strategy != step.ByRestart && p.Strategy != step.ByField || l.Restarted(wl, want) >= step.MaxAttempts {
				continue
			}
			steps = append(steps, step.Step{Kind: step.Restart, Wave: g.Number, Subject: step.Subject(wl.Ref()), From: strings.Join(old, "+"), To: want, Field: p.Field, API: wl.API, TemplateLabel: t.TemplateLabels[wl.Ref()]})
		}
	}
	return steps
}
