// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan"
)

// install leaves a mark first, so that an installation that is broken off is
// repeated whole. What comes back from what was kept is seen to be whole.
func (t *turn) install(ctx context.Context, s plan.Stage) (Outcome, error) {
	if t.target.Back {
		return t.restore(ctx, s)
	}
	t.ledger.Install = plan.Begun
	if _, err := t.act(ctx, s.Steps); err != nil {
		return "", err
	}
	t.ledger.Install = plan.Done
	return "", t.save(ctx)
}

// restore puts back what is lost of control planes, until it stays.
func (t *turn) restore(ctx context.Context, s plan.Stage) (Outcome, error) {
	for _, step := range s.Steps {
		if t.overdue(step) {
			return t.hold(ctx, unrestored(step, t.world.Lost(step.Subject), t.ready()))
		}
	}
	if _, err := t.act(ctx, s.Steps); err != nil {
		return "", err
	}
	return "", t.Clock.Sleep(ctx, t.Poll)
}

// unrestored is the hold of objects that are put back and are not there at the
// next look, again and again.
func unrestored(step plan.Step, lost []mesh.Belonging, waited time.Duration) plan.Hold {
	var names []string
	more := ""
	for _, b := range lost {
		names = append(names, b.Subject())
	}
	if len(names) > listed {
		names, more = names[:listed], fmt.Sprintf(", and %d more", len(names)-listed)
	}
	return plan.Hold{Reason: timedOut, Subject: step.Subject,
		Message: fmt.Sprintf("put revision %s back: what was kept of it is not there as its own: %s%s (tried for %s)", step.Subject, strings.Join(names, ", "), more, waited),
		Hint:    "Look at each with `kubectl get --show-labels`. One that is missing is taken away each time, or never arrives: a policy, an operator, a GitOps tool. One that is there without the revision's label istio.io/rev was made by somebody else, and is not written over: take it away, or label it. Then run `rerig rollback` again."}
}

// Adviser is an error that knows what is to be done about it.
type Adviser interface {
	error
	Advice() string
}

// advice is the hint of a hold that an error leads to.
func advice(err error) string {
	if a, ok := errors.AsType[Adviser](err); ok {
		return a.Advice()
	}
	return "Mend what the message names and run the same command again: the whole installation is then repeated."
}
