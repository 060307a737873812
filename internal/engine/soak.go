// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"fmt"
	"time"

	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/verify"
)

// soak leaves a proven wave to run, looking at it all the while, and proves it
// once more at the end.
func (t *turn) soak(ctx context.Context, s plan.Stage) (Outcome, error) {
	step, now := s.Steps[0], t.Clock.Now()
	key := plan.SoakKey(s.Wave, t.target.Revision)
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
	t.tell(Event{Kind: Soaking, Step: &step, Until: until})
	v, failing := t.sound(s.Wave, !now.Before(until))
	switch {
	case v.Result == verify.Fail:
		return t.fail(ctx, failing, v)
	case now.Before(until):
		return "", t.Clock.Sleep(ctx, min(5*t.Poll, until.Sub(now)))
	case v.Result == verify.Wait:
		return t.wait(ctx, v, failing, s.Wave)
	}
	t.ledger.Sound = nil
	t.pass(key, step, verify.Verdict{Check: verify.Soaked, Subject: step.Subject, Result: verify.Pass,
		Reason: fmt.Sprintf("sound for %s", t.target.Soak)})
	return "", t.save(ctx)
}

// sound judges every workload of a wave by what the cluster and the istiods say.
// Once the soak is over each has to be seen sound, if not all at the same look:
// where autoscalers are at work some pod is always new.
func (t *turn) sound(wave int, over bool) (verify.Verdict, plan.Step) {
	worst, failing := verify.Verdict{Result: verify.Pass}, plan.Step{}
	for _, g := range t.target.Waves {
		if g.Wave != wave {
			continue
		}
		for _, wl := range plan.Provable(t.world, t.target, t.ledger, g) {
			step := plan.Step{Kind: plan.Prove, Wave: wave, Subject: wl.Key(), To: t.target.Want(wl)}
			v := verify.Worst(verify.Judge(verify.WorkloadRollout, wl.Key(), t.workload(step)))
			switch {
			case v.Result == verify.Fail:
				return v, step
			case v.Result != verify.Wait:
				t.waited(step)
				if over {
					t.noteSound(wl.Key())
				}
			case t.ledger.Sound[wl.Key()]:
			case worst.Result == verify.Pass:
				worst, failing = v, step
			}
		}
	}
	return worst, failing
}

func (t *turn) noteSound(key string) {
	if t.ledger.Sound == nil {
		t.ledger.Sound = map[string]bool{}
	}
	t.ledger.Sound[key] = true
}
