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
	"github.com/rerig/rerig/internal/plan/trial"
	"github.com/rerig/rerig/internal/step"
	"github.com/rerig/rerig/internal/verify"
)

// judge judges a trial pod: by what the cluster, the istiods and its own proxy say
// of it before it serves, and where it is to serve for its time there, and again.
func (t *turn) judge(ctx context.Context, s step.Step, x mesh.Trial) (Outcome, error) {
	key, serves := plan.Key(t.world, s, t.target), step.TrialMode(s.From) == step.InService
	v := t.verdict(ctx, s, x, serves && x.Phase == mesh.Serving && t.entered(key))
	if sound := v.Result == verify.Pass || v.Result == verify.Warn; sound && serves && x.Phase == mesh.Serving && !t.entered(key) {
		v = t.led(s, x, v)
	}
	switch {
	case v.Result == verify.Fail:
		return t.fail(ctx, s, v)
	case v.Result == verify.Wait:
		delete(t.ledger.Soaking, key)
		if t.overdue(s) {
			return t.fail(ctx, s, v)
		}
	case !serves:
		t.pass(key, s, v)
		return "", t.save(ctx)
	case x.Phase == mesh.NotServing:
		return t.tried(ctx, s, t.change(ctx, trial.PodChange(step.ServeTrial, x)))
	default:
		left := t.left(key)
		if left <= 0 {
			delete(t.ledger.Soaking, key)
			v.Reason += fmt.Sprintf("; %s for %s", t.service(s), inService)
			t.pass(key, s, v)
			return "", t.save(ctx)
		}
		v.Reason = fmt.Sprintf("trial pod %s serves well, and goes on until %s", x.Pod.Name, t.Clock.Now().Add(left).Format(time.TimeOnly))
	}
	t.tell(Event{Kind: Waiting, Step: &s, Verdict: &v})
	return "", nil
}

// verdict is what all say of a trial pod. Its proxy is asked when its time begins
// and when it ends, not at each look in between.
func (t *turn) verdict(ctx context.Context, s step.Step, x mesh.Trial, between bool) verify.Verdict {
	facts := verify.Facts{World: t.world, Revision: s.To, Workload: verify.TrialWorkload(x), TrustedRoots: t.ledger.TrustedRoots}
	v := verify.Worst(verify.Evaluate(verify.TrialPod, s.Subject, facts))
	if v.Result == verify.Wait || v.Result == verify.Fail || between && t.left(plan.Key(t.world, s, t.target)) > 0 {
		return v
	}
	c, err := t.Observer.Certificate(ctx, x.Namespace, x.Pod.Name)
	if facts.Certificate = &c; err != nil {
		facts.Certificate, facts.CertificateError = nil, err.Error()
	}
	return verify.Worst(verify.Evaluate(verify.TrialPodVerification, s.Subject, facts))
}

// led waits until the Services lead to a trial pod that is to serve: its time there
// does not begin before.
func (t *turn) led(s step.Step, x mesh.Trial, v verify.Verdict) verify.Verdict {
	wl, _ := t.world.Workload(s.Subject)
	for _, name := range trial.Services(wl) {
		if !slices.Contains(x.Pod.Endpoints, name) {
			return verify.TrialPodEndpoints.On(s.Subject, verify.Facts{Pending: fmt.Sprintf("trial pod %s to be an endpoint of %s", x.Pod.Name, name)})
		}
	}
	return v
}

// service says where a trial pod served.
func (t *turn) service(s step.Step) string {
	wl, _ := t.world.Workload(s.Subject)
	if names := trial.Services(wl); len(names) > 0 {
		return "served in " + strings.Join(names, ", ")
	}
	return "was ready, and no Service led to it,"
}

// entered reports whether a trial pod's time in service has.
func (t *turn) entered(key string) bool { return !t.ledger.Soaking[key].IsZero() }

// left is how long a trial pod that is good stays in service still; the first time
// that it is asked, the time begins.
func (t *turn) left(key string) time.Duration {
	if t.ledger.Soaking == nil {
		t.ledger.Soaking = map[string]time.Time{}
	}
	if !t.entered(key) {
		t.ledger.Soaking[key] = t.Clock.Now()
	}
	return t.ledger.Soaking[key].Add(inService).Sub(t.Clock.Now())
}
