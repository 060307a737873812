// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"fmt"
	"strings"

	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/verify"
)

// tag points tags at another revision, once nobody is bound by them who would
// come along unasked. The API server's webhooks are let see it.
func (t *turn) tag(ctx context.Context, s plan.Stage) (Outcome, error) {
	if ok, outcome, err := t.stand(ctx, s); !ok {
		return outcome, err
	}
	for _, step := range s.Steps {
		if step.From == "" { // a move that was broken off leaves some part of it
			return t.fail(ctx, step, verify.Verdict{Check: verify.TagMoved, Subject: "tag " + step.Subject, Result: verify.Fail,
				Reason: fmt.Sprintf("the tag %s is gone: no webhook injects by it that could be pointed at %s", step.Subject, step.To),
				Hint:   fmt.Sprintf("Somebody took it away. Make it anew, `istioctl tag set %s --revision %s`, and run the same command again.", step.Subject, step.To)})
		}
		if t.overdue(step) {
			return t.fail(ctx, step, verify.Verdict{Check: verify.TagMoved, Subject: "tag " + step.Subject, Result: verify.Wait,
				Reason: fmt.Sprintf("the tag %s is at %s and not wholly at %s, though it was written", step.Subject, step.From, step.To),
				Hint:   "Something writes it back: look at who owns its webhook (a Helm release's revisionTags, a GitOps tool)."})
		}
		if others := t.target.Bystanders(t.world, step.Subject); len(others) > 0 {
			return t.hold(ctx, t.followed(step, others))
		}
	}
	if outcome, err := t.act(ctx, s.Steps); outcome != "" || err != nil {
		return outcome, err
	}
	return "", t.Clock.Sleep(ctx, t.Settle)
}

// followed is the hold of a tag that others are bound by. Only a way forth that has
// moved no tag yet can leave them all where they are.
func (t *turn) followed(step plan.Step, others []string) plan.Hold {
	h := plan.Hold{Reason: planChanged, Subject: "tag " + step.Subject,
		Message: fmt.Sprintf("the tag %s was not moved to %s: it binds %s, which this run does not move, and which would follow", step.Subject, step.To, strings.Join(others, ", ")),
		Hint:    "So that they stay, " + plan.ByOwnName + ". Or take them away. Then run the same command again"}
	if !t.target.Back && len(t.ledger.MovedTags(t.world)) == 0 {
		h.Hint += "; with --tags keep the tag stays"
	}
	h.Hint += "."
	return h
}
