// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"strings"

	"github.com/rerig/rerig/internal/plan/binding"
	"github.com/rerig/rerig/internal/step"
	"github.com/rerig/rerig/internal/verify"
)

// waitForControlPlanes reports whether the control planes that a stage moves to are
// healthy just before the stage acts; if not, it waits. They have a time of their
// own: a step's own time starts and ends without it.
func (t *turn) waitForControlPlanes(ctx context.Context, stage step.Stage) (healthy bool, outcome Outcome, err error) {
	s := step.Step{Kind: step.Validate, Wave: stage.Wave, Subject: step.Subject(strings.Join(t.target.ControlPlanes(), ", "))}
	v, healthy := t.controlPlaneHealth()
	if healthy {
		t.stopWaiting(s)
		return true, "", nil
	}
	outcome, err = t.wait(ctx, v, s)
	return false, outcome, err
}

// controlPlaneHealth returns the verdict of the first control plane that is not
// healthy.
func (t *turn) controlPlaneHealth() (v verify.Verdict, healthy bool) {
	for _, name := range t.target.ControlPlanes() {
		v := verify.Worst(verify.Evaluate(verify.ControlPlaneHealth, name, t.controlPlaneFacts(name)))
		if v.Result == verify.Wait || v.Result == verify.Fail {
			return v, false
		}
	}
	return verify.Verdict{}, true
}

func (t *turn) controlPlaneFacts(name string) verify.Facts {
	f := verify.Facts{
		World:           t.world,
		Revision:        name,
		InUse:           t.target.Rollback,
		Sidecars:        t.ledger.Baseline.Sidecars,
		MovedNamespaces: map[string]bool{},
	}
	if name == t.target.Revision {
		f.Version = t.target.Version
	}
	for _, g := range t.target.Waves {
		for _, ns := range g.Namespaces {
			f.MovedNamespaces[ns] = binding.Bound(t.target, t.world, ns)
		}
	}
	return f
}
