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
			return t.fail(ctx, step, verify.Verdict{Check: "tag-moved", Subject: "tag " + step.Subject, Result: verify.Fail,
				Reason: fmt.Sprintf("the tag %s is gone: there is nothing to point at %s", step.Subject, step.To),
				Hint:   fmt.Sprintf("Somebody took it away. Make it anew, `istioctl tag set %s --revision %s`, and run the same command again.", step.Subject, step.To)})
		}
		if t.overdue(step) {
			return t.fail(ctx, step, verify.Verdict{Check: "tag-moved", Subject: "tag " + step.Subject, Result: verify.Wait,
				Reason: fmt.Sprintf("the tag %s is at %s and not wholly at %s, though it was written", step.Subject, step.From, step.To),
				Hint:   "Something writes it back: look at who owns its webhook (a Helm release's revisionTags, a GitOps tool)."})
		}
		if others := plan.Bystanders(t.world, step.Subject, t.target.Namespaces()); len(others) > 0 {
			return t.hold(ctx, plan.Hold{Reason: planChanged, Subject: "tag " + step.Subject,
				Message: fmt.Sprintf("the tag %s was not moved to %s: %s came to be bound by it since the plan was agreed to, and would follow", step.Subject, step.To, strings.Join(others, ", ")),
				Hint:    "Bind them to what they run (istio.io/rev on their namespace), or take them away, and run the same command again; with --tags keep the tag stays."})
		}
	}
	if outcome, err := t.act(ctx, s.Steps); outcome != "" || err != nil {
		return outcome, err
	}
	return "", t.Clock.Sleep(ctx, t.Settle)
}
