// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"errors"
	"fmt"

	"github.com/rerig/rerig/internal/step"
)

// writeError is the error of a step's write.
type writeError struct {
	step step.Step
	err  error
}

func (w writeError) Error() string { return fmt.Sprintf("%s: %s", w.step, w.err) }
func (w writeError) Unwrap() error { return w.err }

// giveUp holds the run at a write that the cluster does not accept, so that the
// reason is in the record. It returns any other error unchanged, and this one too
// if the hold cannot be recorded.
func (e Engine) giveUp(ctx context.Context, err error) (Outcome, error) {
	w, is := errors.AsType[writeError](err)
	if !is {
		return "", err
	}
	t, failed := e.observe(ctx)
	if failed != nil {
		return "", err
	}
	h := step.Hold{
		Reason:  step.ReasonWriteFailed,
		Subject: string(w.step.Subject),
		Wave:    w.step.Wave,
		Message: err.Error(),
		Hint: "This write changed nothing. The API server's message names what rejects it or does not answer: " +
			"a missing right, an admission webhook, a policy or a quota. Correct that and run the same command again.",
	}
	if w.step.Kind == step.Install {
		h.Reason, h.Hint = step.ReasonInstallFailed, installHint(err)
	}
	outcome, failed := t.hold(ctx, h)
	if failed != nil {
		return "", err
	}
	return outcome, nil
}
