// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/step"
)

// handler does what can be done now for a stage. It returns the Outcome "" to have
// the next turn continue.
type handler func(t *turn, ctx context.Context, stage step.Stage) (Outcome, error)

// handlers has one handler for each kind of step.
var handlers = map[step.Kind]handler{
	step.Define:          (*turn).define,
	step.Install:         (*turn).install,
	step.Validate:        (*turn).validate,
	step.FreezeGateway:   (*turn).gateways,
	step.UnfreezeGateway: (*turn).gateways,
	step.LabelGateway:    (*turn).gateways,
	step.Pin:             (*turn).label,
	step.Tag:             (*turn).tag,
	step.Trial:           (*turn).trial,
	step.Label:           (*turn).label,
	step.LabelTemplate:   (*turn).label,
	step.EvictStuckPod:   (*turn).evictStuckPods,
	step.Restart:         (*turn).restart,
	step.EvictPods:       (*turn).evictPods,
	step.Swap:            (*turn).swap,
	step.Verify:          (*turn).verify,
	step.Soak:            (*turn).soak,
	step.DeleteParked:    (*turn).deleteParked,
	step.RestoreLabel:    (*turn).label,
	step.Remove:          (*turn).remove,
	step.DryRun:          (*turn).dryRun,
	step.DeleteTrial:     (*turn).deleteTrials,
}

// Handled returns the kinds of steps that have a handler, sorted.
func Handled() []step.Kind { return slices.Sorted(maps.Keys(handlers)) }

// advance does what can be done now for a stage.
func (t *turn) advance(ctx context.Context, stage step.Stage) (Outcome, error) {
	handle, known := handlers[stage.Kind]
	if !known {
		return "", fmt.Errorf("%w: no handler for steps of kind %q", ErrRefused, stage.Kind)
	}
	t.ledger.Reached = max(t.ledger.Reached, plan.RankOf(t.target, stage.Wave, stage.Kind))
	return handle(t, ctx, stage)
}

// define creates the definition (CRD) of MeshUpgrade.
func (t *turn) define(ctx context.Context, stage step.Stage) (Outcome, error) {
	return t.act(ctx, stage.Steps)
}
