// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"fmt"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/advice"
	"github.com/rerig/rerig/internal/plan/binding"
	"github.com/rerig/rerig/internal/step"
	"github.com/rerig/rerig/internal/verify"
)

// tag points tags at another revision once no bystander is bound by them. It then
// pauses, so that the API server's webhooks see the change.
func (t *turn) tag(ctx context.Context, stage step.Stage) (Outcome, error) {
	if ok, outcome, err := t.waitForControlPlanes(ctx, stage); !ok {
		return outcome, err
	}
	for _, s := range stage.Steps {
		if s.From == "" { // a change that was interrupted leaves some part of the tag
			return t.fail(ctx, s, tagVerdict(s, verify.Fail,
				fmt.Sprintf("the tag %s is gone: no webhook of it exists that could be pointed at %s", s.Subject, s.To),
				fmt.Sprintf("Another tool or person removed it. Create it with `istioctl tag set %s --revision %s` and run the same command again.",
					s.Subject, s.To)))
		}
		if t.overdue(s) {
			return t.fail(ctx, s, tagVerdict(s, verify.Wait,
				fmt.Sprintf("the tag %s points to %s and not completely to %s, although it was written", s.Subject, s.From, s.To),
				"Another tool changes it back. See who manages its webhook: a Helm release's revisionTags, or a GitOps tool."))
		}
		if bystanders := binding.Bystanders(t.target, t.world, string(s.Subject)); len(bystanders) > 0 {
			return t.hold(ctx, t.bystandersHold(s, bystanders))
		}
		if unfrozen := binding.UnfrozenGateways(t.target, t.world, string(s.Subject)); len(unfrozen) > 0 {
			return t.hold(ctx, t.bystandersHold(s, unfrozen))
		}
	}
	if outcome, err := t.act(ctx, stage.Steps); outcome != "" || err != nil {
		return outcome, err
	}
	return "", t.Clock.Sleep(ctx, t.Settle)
}

func tagVerdict(s step.Step, r verify.Result, reason, hint string) verify.Verdict {
	return verify.Verdict{Check: verify.TagMoved, Subject: "tag " + string(s.Subject), Result: r, Reason: reason, Hint: hint}
}

// bystandersHold is the hold of a tag that binds workloads outside of the run. Only
// a forward run that has moved no tag yet can leave all tags unchanged.
func (t *turn) bystandersHold(s step.Step, bystanders []mesh.WorkloadRef) step.Hold {
	hint := "To leave them where they are, " + advice.ByOwnName + ". Or delete them. Then run the same command again"
	if !t.target.Rollback && len(t.ledger.MovedTags(t.world)) == 0 {
		hint += ", or with --tags keep to leave the tag unchanged"
	}
	return step.Hold{
		Reason:  step.ReasonPlanChanged,
		Subject: "tag " + string(s.Subject),
		Message: fmt.Sprintf("the tag %s was not moved to %s: it binds %s, which this run does not move and which would move with the tag",
			s.Subject, s.To, mesh.JoinRefs(bystanders)),
		Hint: hint + ".",
	}
}
