// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"time"

	"github.com/rerig/rerig/internal/plan/binding"
	"github.com/rerig/rerig/internal/plan/removal"
	"github.com/rerig/rerig/internal/plan/strategy"
	"github.com/rerig/rerig/internal/plan/trial"
	"github.com/rerig/rerig/internal/step"
)

// Render writes a changing step out as the writes that carry it out, in order. at
// is the time that a restart's stamp bears. It looks at nothing but its arguments,
// and fails only for a step that has no writes of its own: one of a kind that
// judges (see Kind.Changes), a swap or a retirement (RenderMove has theirs), a
// Replace that pins no template, a Remove that is left to others; or one whose
// Subject, From or To is not what its kind says. Neither gets better by waiting.
func Render(s step.Step, t step.Target, at time.Time) ([]step.Change, error) {
	switch s.Kind {
	case step.Define:
		return []step.Change{{Verb: step.Apply, Kind: "CustomResourceDefinition", Name: s.Subject}}, nil
	case step.Remove:
		return removal.Render(s)
	case step.Install:
		if t.Rollback {
			return []step.Change{{Verb: step.RestoreRevision, Kind: "Revision", Name: s.Subject}}, nil
		}
		return []step.Change{{Verb: step.InstallRevision, Kind: "Revision", Name: s.Subject, Version: t.Version}}, nil
	case step.Label, step.Pin, step.RestoreLabel:
		return step.Single(binding.RenderLabels(s))
	case step.EvictPods, step.LabelTemplate:
		return step.Single(binding.RenderTemplateLabel(s))
	case step.Tag:
		return []step.Change{binding.RenderTag(s)}, nil
	case step.EvictStuckPod:
		return step.Single(strategy.RenderEvictStuck(s))
	case step.Trial:
		return step.Single(trial.Render(s, t.Run))
	case step.DeleteTrial:
		return step.Single(trial.RenderDelete(s))
	case step.Restart:
		if s.Field != "" || s.API != "" {
			return step.Single(strategy.RenderFieldRestart(s, t.Run, at))
		}
		return step.Single(strategy.RenderRestart(s, t.Run, at))
	}
	return nil, step.NewFault(s, "a step of this kind has no writes of its own")
}
