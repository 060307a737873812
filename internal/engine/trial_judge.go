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

// judge judges a trial pod: by what the cluster, the istiods and its own proxy say
// of it before it serves, and where it is to serve for its time there, and again.
func (t *turn) judge(ctx context.Context, step plan.Step, x mesh.Trial) (Outcome, error) {
	key, serves := plan.Key(t.world, step, t.target), plan.TrialMode(step.From) == plan.InSight
	v := t.verdict(ctx, step, x, serves && x.Service == mesh.Serving && t.entered(key))
	if sound := v.Result == verify.Pass || v.Result == verify.Warn; sound && serves && x.Service == mesh.Serving && !t.entered(key) {
		v = t.led(step, x, v)
	}
	switch {
	case v.Result == verify.Fail:
		return t.fail(ctx, step, v)
	case v.Result == verify.Wait:
		delete(t.ledger.Soaking, key)
		if t.overdue(step) {
			return t.fail(ctx, step, v)
		}
	case !serves:
		t.pass(key, step, v)
		return "", t.save(ctx)
	case x.Service == mesh.NotYet:
		return t.tried(ctx, step, t.change(ctx, plan.OnTrial(plan.Serve, x)))
	default:
		left := t.left(key)
		if left <= 0 {
			delete(t.ledger.Soaking, key)
			v.Reason += fmt.Sprintf("; %s for %s", t.service(step), inService)
			t.pass(key, step, v)
			return "", t.save(ctx)
		}
		v.Reason = fmt.Sprintf("trial pod %s serves well, and goes on until %s", x.Pod.Name, t.Clock.Now().Add(left).Format(time.TimeOnly))
	}
	t.tell(Event{Kind: Waiting, Step: &step, Verdict: &v})
	return "", nil
}

// verdict is what all say of a trial pod. Its proxy is asked when its time begins
// and when it ends, not at each look in between.
func (t *turn) verdict(ctx context.Context, step plan.Step, x mesh.Trial, between bool) verify.Verdict {
	facts := verify.Facts{World: t.world, Revision: step.To, Workload: verify.TrialWorkload(x), TrustedRoots: t.ledger.Trusted}
	v := verify.Worst(verify.Judge(verify.TrialPod, step.Subject, facts))
	if v.Result == verify.Wait || v.Result == verify.Fail || between && t.left(plan.Key(t.world, step, t.target)) > 0 {
		return v
	}
	c, err := t.Observer.Certificate(ctx, x.Namespace, x.Pod.Name)
	if facts.Certificate = &c; err != nil {
		facts.Certificate, facts.CertificateError = nil, err.Error()
	}
	return verify.Worst(verify.Judge(verify.TrialPodVerification, step.Subject, facts))
}

// led waits until the Services lead to a trial pod that is to serve: its time there
// does not begin before.
func (t *turn) led(step plan.Step, x mesh.Trial, v verify.Verdict) verify.Verdict {
	wl, _ := t.world.Workload(step.Subject)
	for _, name := range plan.TrialServices(wl) {
		if !slices.Contains(x.Pod.Endpoints, name) {
			return verify.TrialPodEndpoints.On(step.Subject, verify.Facts{Pending: fmt.Sprintf("trial pod %s to be an endpoint of %s", x.Pod.Name, name)})
		}
	}
	return v
}

// service says where a trial pod served.
func (t *turn) service(step plan.Step) string {
	wl, _ := t.world.Workload(step.Subject)
	if names := plan.TrialServices(wl); len(names) > 0 {
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
