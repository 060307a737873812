// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"fmt"
	"time"

	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/verify"
)

// label binds namespaces, and lets the API server's webhooks see it before pods
// are made anew: they look at a cache of their own. What a GitOps tool keeps as it
// is, is waited for.
func (t *turn) label(ctx context.Context, s plan.Stage) (Outcome, error) {
	if ok, outcome, err := t.stand(ctx, s); !ok {
		return outcome, err
	}
	for _, step := range s.Steps {
		if drawn := t.target.Draws(t.world, step.Subject); step.Kind == plan.Label && len(drawn) > 0 {
			return t.hold(ctx, drawing(step, drawn[0]))
		}
	}
	var ours, theirs []plan.Step
	for _, step := range s.Steps {
		if step.By == "" {
			ours = append(ours, step)
		} else {
			theirs = append(theirs, step)
		}
	}
	if len(ours) == 0 {
		return t.await(ctx, theirs)
	}
	for _, step := range ours {
		if t.overdue(step) {
			return t.hold(ctx, unkept(step, t.ready()))
		}
	}
	if outcome, err := t.act(ctx, ours); outcome != "" || err != nil {
		return outcome, err
	}
	return "", t.Clock.Sleep(ctx, t.Settle)
}

// drawing is the hold of a label that would draw a Gateway along, one that was made
// since the run began.
func drawing(step plan.Step, d plan.Drawn) plan.Hold {
	return plan.Hold{Reason: planChanged, Subject: step.Subject, Wave: step.Wave,
		Message: fmt.Sprintf("namespace %s was not labelled %s: it holds %s, which istiod makes for the Gateway %s, and the istiod of %s would make it anew at once", step.Subject, step.To, d.Subject, d.Gateway, d.To),
		Hint:    fmt.Sprintf("Bind that Gateway to what it has, which restarts it once: `kubectl label gateway -n %s %s istio.io/rev=%s`. Then run the same command again.", step.Subject, d.Gateway, d.Has)}
}

// unkept is the hold of a label, or of a stamp, that is written and is not there at
// the next look, again and again.
func unkept(step plan.Step, waited time.Duration) plan.Hold {
	return plan.Hold{Reason: timedOut, Subject: step.Subject, Wave: step.Wave,
		Message: fmt.Sprintf("%s: it was written and does not stay (tried for %s)", step, waited),
		Hint:    "Somebody sets it back each time: a GitOps tool, an operator, a mutating policy. Look who writes it: `kubectl get --show-managed-fields -o yaml`. Change it there, and run the same command again."}
}

// committing says what is to be done about labels that a GitOps tool keeps. A plan
// shows the way forth, a rollback the way back.
func (t *turn) committing() string {
	switch {
	case t.intent.Rollback:
		return fmt.Sprintf("Commit the patch that `rerig rollback %s --patches DIR` writes, let the tool apply it, and run `rerig rollback %s` again.", t.intent.Run, t.intent.Run)
	case t.target.Back:
		return fmt.Sprintf("The wave is being put back. Commit these labels and let the tool apply them; then go forth by the same command, or all the way back by `rerig rollback %s` (with --patches DIR it writes what is left to commit).", t.intent.Run)
	}
	return "Commit the patch that `rerig plan --patches DIR`, with the flags of this run, writes, let the tool apply it, and run the same command again."
}

// await waits for what somebody has to commit.
func (t *turn) await(ctx context.Context, steps []plan.Step) (Outcome, error) {
	for _, step := range steps {
		v := verify.Verdict{Check: verify.LabelCommitted, Subject: step.Subject, Result: verify.Wait,
			Reason: step.ToCommit(), Hint: t.committing()}
		if t.overdue(step) {
			return t.hold(ctx, plan.Hold{Reason: forCommit, Subject: step.Subject, Wave: step.Wave, Message: v.Reason, Hint: v.Hint})
		}
		t.tell(Event{Kind: Waiting, Step: &step, Verdict: &v})
	}
	if err := t.save(ctx); err != nil {
		return "", err
	}
	return "", t.Clock.Sleep(ctx, t.Poll)
}
