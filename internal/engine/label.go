// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"fmt"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/binding"
	"github.com/rerig/rerig/internal/step"
	"github.com/rerig/rerig/internal/verify"
)

// label writes the labels of namespaces and templates, and waits for the commit of
// those that a GitOps tool manages. It then pauses, so that the API server's
// webhooks see the new labels before a pod is created.
func (t *turn) label(ctx context.Context, stage step.Stage) (Outcome, error) {
	if ok, outcome, err := t.waitForControlPlanes(ctx, stage); !ok {
		return outcome, err
	}
	for _, s := range stage.Steps {
		if gateways := binding.AffectedGateways(t.target, t.world, string(s.Subject)); s.Kind == step.Label && len(gateways) > 0 {
			return t.hold(ctx, gatewayHold(s, gateways[0]))
		}
	}
	var own, managed []step.Step
	for _, s := range stage.Steps {
		if s.By == "" {
			own = append(own, s)
		} else {
			managed = append(managed, s)
		}
	}
	if len(own) == 0 {
		return t.waitForCommits(ctx, managed)
	}
	for _, s := range own {
		if t.overdue(s) {
			return t.hold(ctx, notPersistentHold(s, t.readyTimeout(), t.setBy(s)))
		}
	}
	if outcome, err := t.act(ctx, own); outcome != "" || err != nil {
		return outcome, err
	}
	return "", t.Clock.Sleep(ctx, t.Settle)
}

// setBy returns the field manager of the label that a step writes.
func (t *turn) setBy(s step.Step) mesh.FieldManager {
	if s.Kind == step.LabelTemplate {
		wl, _ := t.world.Workload(s.Workload())
		return wl.SetBy
	}
	ns, _ := t.world.Namespace(string(s.Subject))
	return ns.SetBy
}

// gatewayHold is the hold of a label that would make istiod re-create the pods of a
// Gateway, one that is new since the run began.
func gatewayHold(s step.Step, d binding.AffectedGateway) step.Hold {
	return step.Hold{
		Reason:  step.ReasonPlanChanged,
		Subject: string(s.Subject),
		Wave:    s.Wave,
		Message: fmt.Sprintf("namespace %s was not labelled %s: the istiod of %s would at once re-create the pods of %s, "+
			"which it manages for the Gateway %s", s.Subject, s.To, d.To, d.Workload, d.Gateway),
		Hint: fmt.Sprintf("Label the Gateway with its present revision, which restarts it once: "+
			"`kubectl label gateway -n %s %s istio.io/rev=%s`. Then run the same command again.", s.Subject, d.Gateway, d.From),
	}
}

// waitForCommits waits for labels that another tool manages.
func (t *turn) waitForCommits(ctx context.Context, steps []step.Step) (Outcome, error) {
	for _, s := range steps {
		v := verify.Verdict{
			Check:   verify.LabelCommitted,
			Subject: string(s.Subject),
			Result:  verify.Wait,
			Reason:  s.ToCommit(),
			Hint:    t.commitHint(),
		}
		if t.overdue(s) {
			return t.hold(ctx, step.Hold{
				Reason: step.ReasonForCommit, Subject: string(s.Subject), Check: v.Check, Wave: s.Wave, Message: v.Reason, Hint: v.Hint,
			})
		}
		t.report(Event{Kind: Waiting, Step: &s, Verdict: &v})
	}
	return t.saveAndSleep(ctx)
}

// commitHint returns what to do about labels that a GitOps tool manages. `rerig plan`
// shows the upgrade, `rerig rollback` the rollback.
func (t *turn) commitHint() string {
	switch {
	case t.intent.Rollback:
		return fmt.Sprintf("Commit the patch that `rerig rollback %s --patches DIR` writes and let the tool apply it. "+
			"Then run `rerig rollback %s` again.", t.intent.Run, t.intent.Run)
	case t.target.Rollback:
		return fmt.Sprintf("The wave is being rolled back. Commit these labels and let the tool apply them. "+
			"Then run the same command again, or roll everything back with `rerig rollback %s` "+
			"(with --patches DIR it writes what is left to commit).", t.intent.Run)
	}
	return "Commit the patch that `rerig plan --patches DIR`, with the flags of this run, writes, and let the tool apply it. " +
		"Then run the same command again."
}
