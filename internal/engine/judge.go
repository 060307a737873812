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
	"github.com/rerig/rerig/internal/verify"
)

// admit judges control planes before anything is moved to them.
func (t *turn) admit(ctx context.Context, s plan.Stage) (Outcome, error) {
	for _, step := range s.Steps {
		checks := verify.ControlPlaneValidation
		if t.target.Back {
			checks = verify.ControlPlaneHealth
		}
		facts := t.controlPlane(step.Subject)
		if !t.target.Back {
			checks = slices.Concat(checks, verify.Alike)
			var err error
			if facts.Setups, err = t.Observer.Setups(ctx, t.target.Present(t.world)); err != nil {
				return "", fmt.Errorf("compare the control planes: %w", err)
			}
			facts.Olds = plan.Olds(t.world, t.intent, t.ledger, t.target)
		}
		v := verify.Worst(verify.Judge(checks, step.Subject, facts))
		if outcome, err := t.settle(ctx, step, v); outcome != "" || err != nil || v.Result == verify.Wait {
			return outcome, err
		}
		if !t.target.Back {
			t.noteTrusted(ctx, facts.Olds)
		}
	}
	return "", t.save(ctx)
}

// prove judges each workload of a wave; those that wait don't hold up the others.
func (t *turn) prove(ctx context.Context, s plan.Stage) (Outcome, error) {
	var waiting *verify.Verdict
	var waiter plan.Step
	for _, step := range s.Steps {
		v := t.proof(ctx, step)
		if v.Result == verify.Wait {
			if t.overdue(step) {
				return t.fail(ctx, step, v)
			}
			waiting, waiter = &v, step
			t.tell(Event{Kind: Waiting, Step: &step, Verdict: &v})
			continue
		}
		if outcome, err := t.settle(ctx, step, v); outcome != "" || err != nil {
			return outcome, err
		}
	}
	if waiting != nil {
		return t.wait(ctx, *waiting, waiter, s.Wave)
	}
	return "", t.save(ctx)
}

// proof judges one workload, by its own proxy too once all else holds.
func (t *turn) proof(ctx context.Context, step plan.Step) verify.Verdict {
	facts := t.workload(step)
	if v := verify.Worst(verify.Judge(verify.WorkloadRollout, step.Subject, facts)); v.Result != verify.Pass {
		return v
	}
	pods := facts.Workload.Live()
	c, err := t.Observer.Certificate(ctx, facts.Workload.Namespace, pods[0].Name)
	if facts.Certificate = &c; err != nil {
		facts.Certificate, facts.CertificateError = nil, err.Error()
	}
	return verify.Worst(verify.Judge(verify.WorkloadVerification, step.Subject, facts))
}

// settle records a verdict that is final.
func (t *turn) settle(ctx context.Context, step plan.Step, v verify.Verdict) (Outcome, error) {
	switch v.Result {
	case verify.Pass, verify.Warn:
		t.pass(plan.Key(t.world, step, t.target), step, v)
		return "", nil
	case verify.Fail:
		return t.fail(ctx, step, v)
	}
	return t.wait(ctx, v, step, step.Wave)
}

func (t *turn) pass(key string, step plan.Step, v verify.Verdict) {
	if t.ledger.Passed == nil {
		t.ledger.Passed = map[string]plan.Pass{}
	}
	t.ledger.Passed[key] = plan.Pass{At: t.Clock.Now(), Evidence: v.Reason}
	t.waited(step)
	t.tell(Event{Kind: Passed, Step: &step, Verdict: &v})
}

// wait notes since when something is waited for, and lets some time pass.
func (t *turn) wait(ctx context.Context, v verify.Verdict, step plan.Step, wave int) (Outcome, error) {
	if t.overdue(step) {
		return t.fail(ctx, step, v)
	}
	t.tell(Event{Kind: Waiting, Step: &step, Verdict: &v})
	if err := t.save(ctx); err != nil {
		return "", err
	}
	return "", t.Clock.Sleep(ctx, t.Poll)
}

// overdue reports whether the step has been waited for too long; the first time
// it is asked, the waiting begins.
func (t *turn) overdue(step plan.Step) bool {
	if since, ok := t.ledger.Waiting[waitKey(step)]; ok {
		return t.expired(since)
	}
	if t.ledger.Waiting == nil {
		t.ledger.Waiting = map[string]time.Time{}
	}
	t.ledger.Waiting[waitKey(step)] = t.Clock.Now()
	return false
}

// waited ends the waiting for a step that is well for now: what is waited for
// later has its whole time again.
func (t *turn) waited(step plan.Step) { delete(t.ledger.Waiting, waitKey(step)) }

func waitKey(s plan.Step) string { return fmt.Sprintf("%s %d %s %s", s.Kind, s.Wave, s.Subject, s.To) }

// stand waits until the control planes that a stage moves to stand, and reports
// whether they do. What is waited for is theirs: a step's own waiting begins and
// ends without it.
func (t *turn) stand(ctx context.Context, s plan.Stage) (bool, Outcome, error) {
	planes := plan.Step{Kind: plan.Admit, Wave: s.Wave, Subject: strings.Join(t.target.ControlPlanes(), ", ")}
	v, ok := t.standing()
	if ok {
		t.waited(planes)
		return true, "", nil
	}
	outcome, err := t.wait(ctx, v, planes, s.Wave)
	return false, outcome, err
}

// standing judges again, just before acting, the control planes that a wave is
// moved to.
func (t *turn) standing() (verify.Verdict, bool) {
	for _, name := range t.target.ControlPlanes() {
		v := verify.Worst(verify.Judge(verify.ControlPlaneHealth, name, t.controlPlane(name)))
		if v.Result == verify.Wait || v.Result == verify.Fail {
			return v, false
		}
	}
	return verify.Verdict{}, true
}

func (t *turn) controlPlane(name string) verify.Facts {
	f := verify.Facts{World: t.world, Revision: name, InUse: t.target.Back, Sidecars: t.ledger.Baseline.Sidecars, MovedNamespaces: map[string]bool{}}
	if name == t.target.Revision {
		f.Version = t.target.Version
	}
	for _, g := range t.target.Waves {
		for _, ns := range g.Namespaces {
			f.MovedNamespaces[ns] = t.target.Bound(t.world, ns)
		}
	}
	return f
}

func (t *turn) workload(step plan.Step) verify.Facts {
	wl, ok := t.world.Workload(step.Subject)
	if !ok {
		wl = mesh.Workload{}
	}
	return verify.Facts{World: t.world, Revision: step.To, Workload: wl, Rollback: t.target.Back, TrustedRoots: t.ledger.Trusted,
		Evicted:      t.target.Policy.Passage(wl).Way == plan.ByEviction,
		AttemptsUsed: t.ledger.Restarted(wl, step.To) >= plan.Attempts || t.ledger.Evicted(wl, step.To) >= plan.Attempts*max(wl.Wanted, 1)}
}
