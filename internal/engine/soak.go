// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"fmt"
	"time"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/step"
	"github.com/rerig/rerig/internal/verify"
)

// soakPoll is the pause between two checks of a soaking wave, as a multiple of Engine.Poll.
const soakPoll = 5

// soak lets a verified wave run for the soak time, checks it throughout, and
// verifies it again at the end.
func (t *turn) soak(ctx context.Context, stage step.Stage) (Outcome, error) {
	s, now := stage.Steps[0], t.Clock.Now()
	key := step.SoakKey(stage.Wave, t.target.Revision)
	until := t.startedAt(key).Add(t.target.Soak)
	if err := t.save(ctx); err != nil {
		return "", err
	}
	t.report(Event{Kind: Soaking, Step: &s, Until: until})
	v, failing := t.waveVerdict(stage.Wave, !now.Before(until))
	switch {
	case v.Result == verify.Fail:
		return t.fail(ctx, failing, v)
	case now.Before(until):
		return "", t.Clock.Sleep(ctx, min(soakPoll*t.Poll, until.Sub(now)))
	case v.Result == verify.Wait:
		return t.wait(ctx, v, failing)
	}
	t.ledger.SoakedHealthy = nil
	t.pass(key, s, verify.Verdict{
		Check:   verify.Soaked,
		Subject: string(s.Subject),
		Result:  verify.Pass,
		Reason:  fmt.Sprintf("all workloads healthy for %s", t.target.Soak),
	})
	return "", t.save(ctx)
}

// startedAt returns when the soak, or the time in service of a trial pod, began. The
// first call begins it.
func (t *turn) startedAt(key step.VerdictKey) time.Time {
	if t.ledger.Soaking == nil {
		t.ledger.Soaking = map[step.VerdictKey]time.Time{}
	}
	if t.ledger.Soaking[key].IsZero() {
		t.ledger.Soaking[key] = t.Clock.Now()
	}
	return t.ledger.Soaking[key]
}

// waveVerdict checks every workload of a wave by what the API server and the istiods
// report. After the soak each must pass once, but not all in the same observation:
// with autoscalers some pod is always new.
func (t *turn) waveVerdict(wave int, over bool) (verify.Verdict, step.Step) {
	worst, failing := verify.Verdict{Result: verify.Pass}, step.Step{}
	for _, g := range t.target.Waves {
		if g.Number != wave {
			continue
		}
		for _, wl := range plan.WorkloadsToVerify(t.world, t.target, t.ledger, g) {
			s := step.Step{Kind: step.Verify, Wave: wave, Subject: step.Subject(wl.Ref()), To: t.target.RevisionOf(wl)}
			v := t.rolloutVerdict(s)
			switch {
			case v.Result == verify.Fail:
				return v, s
			case v.Result != verify.Wait:
				t.stopWaiting(s)
				if over {
					t.noteSoakedHealthy(wl.Ref())
				}
			case t.ledger.SoakedHealthy[wl.Ref()]:
			case worst.Result == verify.Pass:
				worst, failing = v, s
			}
		}
	}
	return worst, failing
}

func (t *turn) noteSoakedHealthy(ref mesh.WorkloadRef) {
	if t.ledger.SoakedHealthy == nil {
		t.ledger.SoakedHealthy = map[mesh.WorkloadRef]bool{}
	}
	t.ledger.SoakedHealthy[ref] = true
}
