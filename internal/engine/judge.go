// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/plan/binding"
	"github.com/rerig/rerig/internal/plan/strategy"
	"github.com/rerig/rerig/internal/step"
	"github.com/rerig/rerig/internal/verify"
)

// admit judges control planes before anything is moved to them.
func (t *turn) admit(ctx context.Context, stage step.Stage) (Outcome, error) {
	for _, s := range stage.Steps {
		checks := verify.ControlPlaneValidation
		if t.target.Rollback {
			checks = verify.ControlPlaneHealth
		}
		facts := t.controlPlane(s.Subject)
		if !t.target.Rollback {
			checks = slices.Concat(checks, verify.ControlPlaneComparison)
			var err error
			if facts.Setups, err = t.Observer.Setups(ctx, t.target.ExistingNamespaces(t.world)); err != nil {
				return "", fmt.Errorf("compare the control planes: %w", err)
			}
			facts.OldRevisions = plan.OldRevisions(t.world, t.intent, t.ledger, t.target)
		}
		v := verify.Worst(verify.Evaluate(checks, s.Subject, facts))
		if outcome, err := t.settle(ctx, s, v); outcome != "" || err != nil || v.Result == verify.Wait {
			return outcome, err
		}
		if !t.target.Rollback {
			t.noteTrusted(ctx, facts.OldRevisions)
		}
	}
	return "", t.save(ctx)
}

// prove judges each workload of a wave; those that wait don't hold up the others.
func (t *turn) prove(ctx context.Context, stage step.Stage) (Outcome, error) {
	var waiting *verify.Verdict
	var waiter step.Step
	for _, s := range stage.Steps {
		v := t.proof(ctx, s)
		if v.Result == verify.Wait {
			if t.overdue(s) {
				return t.fail(ctx, s, v)
			}
			waiting, waiter = &v, s
			t.tell(Event{Kind: Waiting, Step: &s, Verdict: &v})
			continue
		}
		if outcome, err := t.settle(ctx, s, v); outcome != "" || err != nil {
			return outcome, err
		}
	}
	if waiting != nil {
		return t.wait(ctx, *waiting, waiter, stage.Wave)
	}
	return "", t.save(ctx)
}

// proof judges one workload, by its own proxy too once all else holds.
func (t *turn) proof(ctx context.Context, s step.Step) verify.Verdict {
	facts := t.workload(s)
	if v := verify.Worst(verify.Evaluate(verify.WorkloadRollout, s.Subject, facts)); v.Result != verify.Pass {
		return v
	}
	pods := facts.Workload.Live()
	c, err := t.Observer.Certificate(ctx, facts.Workload.Namespace, pods[0].Name)
	if facts.Certificate = &c; err != nil {
		facts.Certificate, facts.CertificateError = nil, err.Error()
	}
	return verify.Worst(verify.Evaluate(verify.WorkloadVerification, s.Subject, facts))
}

// settle records a verdict that is final.
func (t *turn) settle(ctx context.Context, s step.Step, v verify.Verdict) (Outcome, error) {
	switch v.Result {
	case verify.Pass, verify.Warn:
		t.pass(plan.Key(t.world, s, t.target), s, v)
		return "", nil
	case verify.Fail:
		return t.fail(ctx, s, v)
	}
	return t.wait(ctx, v, s, s.Wave)
}

func (t *turn) pass(key string, s step.Step, v verify.Verdict) {
	if t.ledger.Passed == nil {
		t.ledger.Passed = map[string]step.Pass{}
	}
	t.ledger.Passed[key] = step.Pass{At: t.Clock.Now(), Evidence: v.Reason}
	t.waited(s)
	t.tell(Event{Kind: Passed, Step: &s, Verdict: &v})
}

// wait notes since when something is waited for, and lets some time pass.
func (t *turn) wait(ctx context.Context, v verify.Verdict, s step.Step, wave int) (Outcome, error) {
	if t.overdue(s) {
		return t.fail(ctx, s, v)
	}
	t.tell(Event{Kind: Waiting, Step: &s, Verdict: &v})
	if err := t.save(ctx); err != nil {
		return "", err
	}
	return "", t.Clock.Sleep(ctx, t.Poll)
}

// overdue reports whether the step has been waited for too long; the first time
// it is asked, the waiting begins.
func (t *turn) overdue(s step.Step) bool {
	if since, ok := t.ledger.Waiting[waitKey(s)]; ok {
		return t.expired(since)
	}
	if t.ledger.Waiting == nil {
		t.ledger.Waiting = map[string]time.Time{}
	}
	t.ledger.Waiting[waitKey(s)] = t.Clock.Now()
	return false
}

// waited ends the waiting for a step that is well for now: what is waited for
// later has its whole time again.
func (t *turn) waited(s step.Step) { delete(t.ledger.Waiting, waitKey(s)) }

func waitKey(s step.Step) string { return fmt.Sprintf("%s %d %s %s", s.Kind, s.Wave, s.Subject, s.To) }

// stand waits until the control planes that a stage moves to stand, and reports
// whether they do. What is waited for is theirs: a step's own waiting begins and
// ends without it.
func (t *turn) stand(ctx context.Context, stage step.Stage) (bool, Outcome, error) {
	planes := step.Step{Kind: step.Validate, Wave: stage.Wave, Subject: strings.Join(t.target.ControlPlanes(), ", ")}
	v, ok := t.standing()
	if ok {
		t.waited(planes)
		return true, "", nil
	}
	outcome, err := t.wait(ctx, v, planes, stage.Wave)
	return false, outcome, err
}

// standing judges again, just before acting, the control planes that a wave is
// moved to.
func (t *turn) standing() (verify.Verdict, bool) {
	for _, name := range t.target.ControlPlanes() {
		v := verify.Worst(verify.Evaluate(verify.ControlPlaneHealth, name, t.controlPlane(name)))
		if v.Result == verify.Wait || v.Result == verify.Fail {
			return v, false
		}
	}
	return verify.Verdict{}, true
}

func (t *turn) controlPlane(name string) verify.Facts {
	f := verify.Facts{World: t.world, Revision: name, InUse: t.target.Rollback, Sidecars: t.ledger.Baseline.Sidecars, MovedNamespaces: map[string]bool{}}
	if name == t.target.Revision {
		f.Version = t.target.Version
	}
	for _, g := range t.target.Waves {
		for _, ns := range g.Namespaces {
			f.MovedNamespaces[ns] = binding.Bound(t.target, t.world, ns)
		}
	}
	return f
}

func (t *turn) workload(s step.Step) verify.Facts {
	wl, ok := t.world.Workload(s.Subject)
	if !ok {
		wl = mesh.Workload{}
	}
	return verify.Facts{World: t.world, Revision: s.To, Workload: wl, Rollback: t.target.Rollback, TrustedRoots: t.ledger.TrustedRoots,
		Evicted:      strategy.Decide(t.target.Policy, wl).Strategy == step.ByEviction,
		AttemptsUsed: t.ledger.Restarted(wl, s.To) >= step.MaxAttempts || t.ledger.Evicted(wl, s.To) >= step.MaxAttempts*max(wl.Replicas, 1)}
}
