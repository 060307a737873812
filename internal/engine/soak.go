// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"fmt"
	"time"

	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/step"
	"github.com/rerig/rerig/internal/verify"
)

// soak leaves a proven wave to run, looking at it all the while, and proves it
// once more at the end.
func (t *turn) soak(ctx context.Context, stage step.Stage) (Outcome, error) {
	s, now := stage.Steps[0], t.Clock.Now()
	key := step.SoakKey(stage.Wave, t.target.Revision)
	since, begun := t.ledger.Soaking[key]
	if !begun {
		if t.ledger.Soaking == nil {
			t.ledger.Soaking = map[string]time.Time{}
		}
		since, t.ledger.Soaking[key] = now, now
	}
	until := since.Add(t.target.Soak)
	if err := t.save(ctx); err != nil {
		return "", err
	}
	t.tell(Event{Kind: Soaking, Step: &s, Until: until})
	v, failing := t.sound(stage.Wave, !now.Before(until))
	switch {
	case v.Result == verify.Fail:
		return t.fail(ctx, failing, v)
	case now.Before(until):
		return "", t.Clock.Sleep(ctx, min(5*t.Poll, until.Sub(now)))
	case v.Result == verify.Wait:
		return t.wait(ctx, v, failing, stage.Wave)
	}
	t.ledger.SoakedHealthy = nil
	t.pass(key, s, verify.Verdict{Check: verify.Soaked, Subject: s.Subject, Result: verify.Pass,
		Reason: fmt.Sprintf("sound for %s", t.target.Soak)})
	return "", t.save(ctx)
}

// sound judges every workload of a wave by what the cluster and the istiods say.
// Once the soak is over each has to be seen sound, if not all at the same look:
// where autoscalers are at work some pod is always new.
func (t *turn) sound(wave int, over bool) (verify.Verdict, step.Step) {
	worst, failing := verify.Verdict{Result: verify.Pass}, step.Step{}
	for _, g := range t.target.Waves {
		if g.Number != wave {
			continue
		}
		for _, wl := range plan.WorkloadsToVerify(t.world, t.target, t.ledger, g) {
			s := step.Step{Kind: step.Verify, Wave: wave, Subject: wl.Key(), To: t.target.RevisionOf(wl)}
			v := verify.Worst(verify.Evaluate(verify.WorkloadRollout, wl.Key(), t.workload(s)))
			switch {
			case v.Result == verify.Fail:
				return v, s
			case v.Result != verify.Wait:
				t.waited(s)
				if over {
					t.noteSound(wl.Key())
				}
			case t.ledger.SoakedHealthy[wl.Key()]:
			case worst.Result == verify.Pass:
				worst, failing = v, s
			}
		}
	}
	return worst, failing
}

func (t *turn) noteSound(key string) {
	if t.ledger.SoakedHealthy == nil {
		t.ledger.SoakedHealthy = map[string]bool{}
	}
	t.ledger.SoakedHealthy[key] = true
}
