// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// install leaves a mark first, so that an installation that is broken off is
// repeated whole. What comes back from what was kept is seen to be whole.
func (t *turn) install(ctx context.Context, stage step.Stage) (Outcome, error) {
	if t.target.Rollback {
		return t.restore(ctx, stage)
	}
	t.ledger.Installation = step.Installing
	if _, err := t.act(ctx, stage.Steps); err != nil {
		return "", err
	}
	t.ledger.Installation = step.Installed
	return "", t.save(ctx)
}

// restore puts back what is lost of control planes, until it stays.
func (t *turn) restore(ctx context.Context, stage step.Stage) (Outcome, error) {
	for _, s := range stage.Steps {
		if t.overdue(s) {
			return t.hold(ctx, unrestored(s, t.world.MissingComponents(s.Subject), t.ready()))
		}
	}
	if _, err := t.act(ctx, stage.Steps); err != nil {
		return "", err
	}
	return "", t.Clock.Sleep(ctx, t.Poll)
}

// unrestored is the hold of objects that are put back and are not there at the
// next look, again and again.
func unrestored(s step.Step, lost []mesh.Component, waited time.Duration) step.Hold {
	var names []string
	more := ""
	for _, b := range lost {
		names = append(names, b.String())
	}
	if len(names) > listed {
		names, more = names[:listed], fmt.Sprintf(", and %d more", len(names)-listed)
	}
	return step.Hold{Reason: timedOut, Subject: s.Subject,
		Message: fmt.Sprintf("put revision %s back: what was kept of it is not there as its own: %s%s (tried for %s)", s.Subject, strings.Join(names, ", "), more, waited),
		Hint:    "Look at each with `kubectl get --show-labels`. One that is missing is taken away each time, or never arrives: a policy, an operator, a GitOps tool. One that is there without the revision's label istio.io/rev was made by somebody else, and is not written over: take it away, or label it. Then run `rerig rollback` again."}
}

// Adviser is an error that knows what is to be done about it.
type Adviser interface {
	error
	Advice() string
}

// adviceOf is the hint of a hold that an error leads to.
func adviceOf(err error) string {
	if a, ok := errors.AsType[Adviser](err); ok {
		return a.Advice()
	}
	return "Mend what the message names and run the same command again: the whole installation is then repeated."
}
