// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"fmt"
	"strings"

	"github.com/rerig/rerig/internal/plan/advice"
	"github.com/rerig/rerig/internal/plan/binding"
	"github.com/rerig/rerig/internal/step"
	"github.com/rerig/rerig/internal/verify"
)

// tag points tags at another revision, once nobody is bound by them who would
// come along unasked. The API server's webhooks are let see it.
func (t *turn) tag(ctx context.Context, stage step.Stage) (Outcome, error) {
	if ok, outcome, err := t.stand(ctx, stage); !ok {
		return outcome, err
	}
	for _, s := range stage.Steps {
		if s.From == "" { // a move that was broken off leaves some part of it
			return t.fail(ctx, s, verify.Verdict{Check: verify.TagMoved, Subject: "tag " + s.Subject, Result: verify.Fail,
				Reason: fmt.Sprintf("the tag %s is gone: no webhook injects by it that could be pointed at %s", s.Subject, s.To),
				Hint:   fmt.Sprintf("Somebody took it away. Make it anew, `istioctl tag set %s --revision %s`, and run the same command again.", s.Subject, s.To)})
		}
		if t.overdue(s) {
			return t.fail(ctx, s, verify.Verdict{Check: verify.TagMoved, Subject: "tag " + s.Subject, Result: verify.Wait,
				Reason: fmt.Sprintf("the tag %s is at %s and not wholly at %s, though it was written", s.Subject, s.From, s.To),
				Hint:   "Something writes it back: look at who owns its webhook (a Helm release's revisionTags, a GitOps tool)."})
		}
		if others := binding.Bystanders(t.target, t.world, s.Subject); len(others) > 0 {
			return t.hold(ctx, t.followed(s, others))
		}
	}
	if outcome, err := t.act(ctx, stage.Steps); outcome != "" || err != nil {
		return outcome, err
	}
	return "", t.Clock.Sleep(ctx, t.Settle)
}

// followed is the hold of a tag that others are bound by. Only a way forth that has
// moved no tag yet can leave them all where they are.
func (t *turn) followed(s step.Step, others []string) step.Hold {
	h := step.Hold{Reason: planChanged, Subject: "tag " + s.Subject,
		Message: fmt.Sprintf("the tag %s was not moved to %s: it binds %s, which this run does not move, and which would follow", s.Subject, s.To, strings.Join(others, ", ")),
		Hint:    "So that they stay, " + advice.ByOwnName + ". Or take them away. Then run the same command again"}
	if !t.target.Rollback && len(t.ledger.MovedTags(t.world)) == 0 {
		h.Hint += "; with --tags keep the tag stays"
	}
	h.Hint += "."
	return h
}
