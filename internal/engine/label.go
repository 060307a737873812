// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"fmt"
	"time"

	"github.com/rerig/rerig/internal/plan/binding"
	"github.com/rerig/rerig/internal/step"
	"github.com/rerig/rerig/internal/verify"
)

// label binds namespaces, and lets the API server's webhooks see it before pods
// are made anew: they look at a cache of their own. What a GitOps tool keeps as it
// is, is waited for.
func (t *turn) label(ctx context.Context, stage step.Stage) (Outcome, error) {
	if ok, outcome, err := t.stand(ctx, stage); !ok {
		return outcome, err
	}
	for _, s := range stage.Steps {
		if drawn := binding.AffectedGateways(t.target, t.world, s.Subject); s.Kind == step.Label && len(drawn) > 0 {
			return t.hold(ctx, drawing(s, drawn[0]))
		}
	}
	var ours, theirs []step.Step
	for _, s := range stage.Steps {
		if s.By == "" {
			ours = append(ours, s)
		} else {
			theirs = append(theirs, s)
		}
	}
	if len(ours) == 0 {
		return t.await(ctx, theirs)
	}
	for _, s := range ours {
		if t.overdue(s) {
			return t.hold(ctx, unkept(s, t.ready()))
		}
	}
	if outcome, err := t.act(ctx, ours); outcome != "" || err != nil {
		return outcome, err
	}
	return "", t.Clock.Sleep(ctx, t.Settle)
}

// drawing is the hold of a label that would draw a Gateway along, one that was made
// since the run began.
func drawing(s step.Step, d binding.AffectedGateway) step.Hold {
	return step.Hold{Reason: planChanged, Subject: s.Subject, Wave: s.Wave,
		Message: fmt.Sprintf("namespace %s was not labelled %s: it holds %s, which istiod makes for the Gateway %s, and the istiod of %s would make it anew at once", s.Subject, s.To, d.Subject, d.Gateway, d.To),
		Hint:    fmt.Sprintf("Bind that Gateway to what it has, which restarts it once: `kubectl label gateway -n %s %s istio.io/rev=%s`. Then run the same command again.", s.Subject, d.Gateway, d.From)}
}

// unkept is the hold of a label, or of a stamp, that is written and is not there at
// the next look, again and again.
func unkept(s step.Step, waited time.Duration) step.Hold {
	return step.Hold{Reason: timedOut, Subject: s.Subject, Wave: s.Wave,
		Message: fmt.Sprintf("%s: it was written and does not stay (tried for %s)", s, waited),
		Hint:    "Somebody sets it back each time: a GitOps tool, an operator, a mutating policy. Look who writes it: `kubectl get --show-managed-fields -o yaml`. Change it there, and run the same command again."}
}

// committing says what is to be done about labels that a GitOps tool keeps. A plan
// shows the way forth, a rollback the way back.
func (t *turn) committing() string {
	switch {
	case t.intent.Rollback:
		return fmt.Sprintf("Commit the patch that `rerig rollback %s --patches DIR` writes, let the tool apply it, and run `rerig rollback %s` again.", t.intent.Run, t.intent.Run)
	case t.target.Rollback:
		return fmt.Sprintf("The wave is being put back. Commit these labels and let the tool apply them; then go forth by the same command, or all the way back by `rerig rollback %s` (with --patches DIR it writes what is left to commit).", t.intent.Run)
	}
	return "Commit the patch that `rerig plan --patches DIR`, with the flags of this run, writes, let the tool apply it, and run the same command again."
}

// await waits for what somebody has to commit.
func (t *turn) await(ctx context.Context, steps []step.Step) (Outcome, error) {
	for _, s := range steps {
		v := verify.Verdict{Check: verify.LabelCommitted, Subject: s.Subject, Result: verify.Wait,
			Reason: s.ToCommit(), Hint: t.committing()}
		if t.overdue(s) {
			return t.hold(ctx, step.Hold{Reason: forCommit, Subject: s.Subject, Wave: s.Wave, Message: v.Reason, Hint: v.Hint})
		}
		t.tell(Event{Kind: Waiting, Step: &s, Verdict: &v})
	}
	if err := t.save(ctx); err != nil {
		return "", err
	}
	return "", t.Clock.Sleep(ctx, t.Poll)
}
