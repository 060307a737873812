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

// checkTrial checks a trial pod by what the API server, the istiods and its own proxy
// report: before it serves, and, if it is to serve, throughout its time in service
// and at the end.
func (t *turn) checkTrial(ctx context.Context, s step.Step, x mesh.Trial) (Outcome, error) {
	key, serves := plan.VerdictKey(t.world, s, t.target), step.TrialMode(s.From) == step.InService
	serving := serves && x.Phase == mesh.Serving
	v := t.trialVerdict(ctx, s, x, serving && t.inService(key))
	if passes := v.Result == verify.Pass || v.Result == verify.Warn; passes && serving && !t.inService(key) {
		v = t.endpointVerdict(s, x, v)
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
		return t.afterTrialWrite(ctx, s, t.change(ctx, trial.PodChange(step.ServeTrial, x)))
	default:
		left := t.serviceTimeLeft(key)
		if left <= 0 {
			delete(t.ledger.Soaking, key)
			v.Reason += ", " + t.serviceEvidence(s)
			t.pass(key, s, v)
			return "", t.save(ctx)
		}
		v.Reason = fmt.Sprintf("trial pod %s passes its checks and serves until %s", x.Pod.Name, t.Clock.Now().Add(left).Format(time.TimeOnly))
	}
	t.report(Event{Kind: Waiting, Step: &s, Verdict: &v})
	return "", nil
}

// trialVerdict evaluates the checks of a trial pod. Its proxy is asked when its time
// in service begins and when it ends, not in between.
func (t *turn) trialVerdict(ctx context.Context, s step.Step, x mesh.Trial, between bool) verify.Verdict {
	facts := verify.Facts{World: t.world, Revision: s.To, Workload: verify.TrialWorkload(x), TrustedRoots: t.ledger.TrustedRoots}
	v := verify.Worst(verify.Evaluate(verify.TrialPod, string(s.Subject), facts))
	if v.Result == verify.Wait || v.Result == verify.Fail ||
		between && t.serviceTimeLeft(plan.VerdictKey(t.world, s, t.target)) > 0 {
		return v
	}
	t.askCertificate(ctx, &facts, x.Pod.Name)
	checks := verify.TrialPodVerification
	wl, _ := t.world.Workload(s.Workload())
	if serving := slices.IndexFunc(wl.Live(), func(p mesh.Pod) bool { return p.Ready }); wl.Gateway && serving >= 0 {
		t.askConfigurations(ctx, &facts, wl.Namespace, x.Pod.Name, wl.Live()[serving].Name)
		checks = slices.Concat(checks, []verify.Check{verify.GatewayConfiguration})
	}
	return verify.Worst(verify.Evaluate(checks, string(s.Subject), facts))
}

// endpointVerdict waits until the Services route to a trial pod. Its time in service
// does not begin before that.
func (t *turn) endpointVerdict(s step.Step, x mesh.Trial, v verify.Verdict) verify.Verdict {
	wl, _ := t.world.Workload(s.Workload())
	for _, name := range trial.Services(wl) {
		if !slices.Contains(x.Pod.Endpoints, name) {
			return verify.TrialPodEndpoints.On(string(s.Subject), verify.Facts{
				Pending: fmt.Sprintf("trial pod %s to be an endpoint of %s", x.Pod.Name, name),
			})
		}
	}
	return v
}

// serviceEvidence returns where a trial pod served, and for how long.
func (t *turn) serviceEvidence(s step.Step) string {
	wl, _ := t.world.Workload(s.Workload())
	if names := trial.Services(wl); len(names) > 0 {
		return fmt.Sprintf("served in %s for %s", strings.Join(names, ", "), trialTime)
	}
	return fmt.Sprintf("ready for %s, selected by no Service", trialTime)
}

// inService reports whether a trial pod's time in service has begun.
func (t *turn) inService(key step.VerdictKey) bool { return !t.ledger.Soaking[key].IsZero() }

// serviceTimeLeft returns how long a trial pod still has to serve. The first call
// begins its time.
func (t *turn) serviceTimeLeft(key step.VerdictKey) time.Duration {
	return t.startedAt(key).Add(trialTime).Sub(t.Clock.Now())
}
