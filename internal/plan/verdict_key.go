// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/removal"
	"github.com/rerig/rerig/internal/step"
)

// Key is under what a judging step's verdict is kept.
func Key(w mesh.World, s step.Step, t step.Target) string {
	switch s.Kind {
	case step.Validate:
		return step.ValidateKey(w, s.Subject)
	case step.Trial:
		wl, _ := w.Workload(s.Subject)
		return step.TrialKey(w, wl, s.To, step.TrialMode(s.From))
	case step.Verify:
		wl, _ := w.Workload(s.Subject)
		return step.VerifyKey(w, wl, s.To)
	case step.DryRun:
		return removal.DryRunKey(s, t)
	}
	return step.SoakKey(s.Wave, t.Revision)
}
