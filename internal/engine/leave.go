// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"errors"
	"fmt"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/plan/trial"
	"github.com/rerig/rerig/internal/step"
	"github.com/rerig/rerig/internal/verify"
)

// withdraw ends trial pods that nobody wants any more, and sees that they go.
func (t *turn) withdraw(ctx context.Context, stage step.Stage) (Outcome, error) {
	if err := t.delete(ctx, t.standingTrials()); err != nil {
		return "", err
	}
	return t.wait(ctx, verify.Verdict{Check: verify.TrialPodReady.Name, Subject: stage.Steps[0].Subject, Result: verify.Wait,
		Reason: "its trial pod does not end: " + stage.Steps[0].From, Hint: "Look at what keeps the pod: its finalizers, its node."}, stage.Steps[0], stage.Wave)
}

// standingTrials are the run's trial pods.
func (t *turn) standingTrials() []mesh.Trial {
	var list []mesh.Trial
	for _, x := range t.world.Trials {
		if x.Run == t.intent.Run {
			list = append(list, x)
		}
	}
	return list
}

// leaves reports whether a hold has to wait: a run that stops leaves no trial pod
// behind, but for those that do not end.
func (t *turn) leaves() bool {
	for _, x := range t.standingTrials() {
		if !x.Pod.Terminating {
			return true
		}
	}
	return false
}

// leave ends a run's trial pods before it stops. The reason that it stops for is
// written down, because with the pods all sign of it goes.
func (t *turn) leave(ctx context.Context) (Outcome, error) {
	h, pods := *t.ledger.Stopping, t.standingTrials()
	if len(pods) > 0 && !t.expired(h.At) {
		if err := t.save(ctx); err != nil {
			return "", err
		}
		if err := t.delete(ctx, pods); err != nil {
			return "", err
		}
		return "", t.Clock.Sleep(ctx, t.Poll)
	}
	if len(pods) > 0 {
		h.Message += fmt.Sprintf("; trial pod %s/%s does not end", pods[0].Namespace, pods[0].Pod.Name)
	}
	t.ledger.Stopping, t.ledger.Held = nil, &h
	if err := t.save(ctx); err != nil {
		return "", err
	}
	t.tell(Event{Kind: Holding, Hold: &h})
	return Held, nil
}

// delete takes trial pods away: one that serves rests first, so that no request is
// on its way to it when it ends.
func (t *turn) delete(ctx context.Context, pods []mesh.Trial) error {
	for _, x := range pods {
		switch {
		case x.Pod.Terminating, x.Phase == mesh.Served && t.Clock.Now().Before(x.Since.Add(resting)):
			continue
		case x.Phase == mesh.Serving:
			if err := t.change(ctx, trial.PodChange(step.StopTrialService, x)); err != nil && !errors.Is(err, ErrConflict) {
				return err
			}
			continue
		}
		if err := t.end(ctx, trial.DeleteStep(x)); err != nil {
			return err
		}
	}
	return nil
}

func (t *turn) end(ctx context.Context, s step.Step) error {
	changes, err := plan.Render(s, t.target, t.Clock.Now())
	if err != nil {
		return err
	}
	for _, c := range changes {
		if err := t.change(ctx, c); err != nil && !errors.Is(err, ErrConflict) {
			return fmt.Errorf("%s: %w", s, err)
		}
	}
	t.tell(Event{Kind: Acted, Step: &s})
	return nil
}
