// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// install records its beginning first, so that an installation that was interrupted
// is repeated from its start.
func (t *turn) install(ctx context.Context, stage step.Stage) (Outcome, error) {
	if t.target.Rollback {
		return t.restoreRemoved(ctx, stage)
	}
	t.ledger.Installation = step.Installing
	if _, err := t.act(ctx, stage.Steps); err != nil {
		return "", err
	}
	t.ledger.Installation = step.Installed
	return "", t.save(ctx)
}

// restoreRemoved re-creates the removed objects of control planes from their saved
// copies until all of them persist.
func (t *turn) restoreRemoved(ctx context.Context, stage step.Stage) (Outcome, error) {
	for _, s := range stage.Steps {
		if t.overdue(s) {
			return t.hold(ctx, notRestoredHold(s, t.world.MissingComponents(string(s.Subject)), t.readyTimeout()))
		}
	}
	if _, err := t.act(ctx, stage.Steps); err != nil {
		return "", err
	}
	return "", t.Clock.Sleep(ctx, t.Poll)
}

// notRestoredHold is the hold of objects that are re-created and missing at the next
// observation, each time.
func notRestoredHold(s step.Step, missing []mesh.Component, waited time.Duration) step.Hold {
	var names []string
	for _, b := range missing {
		names = append(names, b.String())
	}
	return step.Hold{
		Reason:  step.ReasonTimedOut,
		Subject: string(s.Subject),
		Message: fmt.Sprintf("revision %s is not complete again: %s could not be restored from the saved copies (tried for %s)",
			s.Subject, list(names, ", "), waited),
		Hint: "Look at each object and its labels. A policy, an operator or a GitOps tool deletes or rejects a missing one. " +
			"An object without the label istio.io/rev was created by another tool, and Rerig does not overwrite it: " +
			"delete or label it. Then run `rerig rollback` again.",
	}
}

// Adviser is an error that knows what to do about it.
type Adviser interface {
	error
	Advice() string
}

// installHint returns the hint of an installation that failed.
func installHint(err error) string {
	if a, ok := errors.AsType[Adviser](err); ok {
		return a.Advice()
	}
	return "Correct what the message names and run the same command again: it repeats the complete installation."
}
