// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"errors"
	"fmt"

	"github.com/rerig/rerig/internal/step"
)

// unwritten is a step's write that did not arrive.
type unwritten struct {
	step step.Step
	err  error
}

func (u unwritten) Error() string { return fmt.Sprintf("%s: %s", u.step, u.err) }
func (u unwritten) Unwrap() error { return u.err }

// giveUp stops the run at a write that the cluster does not take, with the reason
// on record: who looks the next morning has not seen the terminal. Any other error
// is given back as it is, and so is this one where nothing can be recorded.
func (e Engine) giveUp(ctx context.Context, err error) (Outcome, error) {
	u, is := errors.AsType[unwritten](err)
	if !is {
		return "", err
	}
	t, lost := e.look(ctx)
	if lost != nil {
		return "", err
	}
	h := step.Hold{Reason: writeFailed, Subject: u.step.Subject, Wave: u.step.Wave, Message: err.Error(),
		Hint: "Nothing was changed by this write. See who refuses it, or does not answer: the API server's words name a right, an admission webhook, a policy or a quota. Mend that and run the same command again."}
	if u.step.Kind == step.Install {
		h.Reason, h.Hint = installFailed, adviceOf(err)
	}
	outcome, lost := t.hold(ctx, h)
	if lost != nil {
		return "", err
	}
	return outcome, nil
}
