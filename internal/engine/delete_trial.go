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

// deleteTrials deletes trial pods that the plan does not need any more and waits for
// that.
func (t *turn) deleteTrials(ctx context.Context, stage step.Stage) (Outcome, error) {
	if err := t.drainAndDelete(ctx, t.trials()); err != nil {
		return "", err
	}
	s := stage.Steps[0]
	return t.wait(ctx, verify.Verdict{
		Check:   verify.TrialPodReady.Name,
		Subject: string(s.Subject),
		Result:  verify.Wait,
		Reason:  "its trial pod is still terminating: " + s.From,
		Hint:    trialDeletionHint(s.Workload().Namespace()),
	}, s)
}

// trials returns the run's trial pods.
func (t *turn) trials() []mesh.Trial {
	var list []mesh.Trial
	for _, x := range t.world.Trials {
		if x.Run == t.intent.Run {
			list = append(list, x)
		}
	}
	return list
}

// hasTrialsToDelete reports whether a hold has to wait: a run that stops leaves no
// trial pod behind, except one that does not terminate.
func (t *turn) hasTrialsToDelete() bool {
	for _, x := range t.trials() {
		if !x.Pod.Terminating {
			return true
		}
	}
	return false
}

// stopAfterTrials deletes a run's trial pods before it stops. The reason for the
// stop is in the ledger, because it cannot be observed once the pods are gone.
func (t *turn) stopAfterTrials(ctx context.Context) (Outcome, error) {
	h, pods := *t.ledger.Stopping, t.trials()
	if len(pods) > 0 && !t.expired(h.At) {
		if err := t.save(ctx); err != nil {
			return "", err
		}
		if err := t.drainAndDelete(ctx, pods); err != nil {
			return "", err
		}
		return "", t.Clock.Sleep(ctx, t.Poll)
	}
	if len(pods) > 0 {
		h.Message += fmt.Sprintf("; trial pod %s/%s does not terminate", pods[0].Namespace, pods[0].Pod.Name)
	}
	return t.stop(ctx, h)
}

// drainAndDelete deletes trial pods. One that serves is taken out of the Services
// first and drains, so that no request is lost.
func (t *turn) drainAndDelete(ctx context.Context, pods []mesh.Trial) error {
	for _, x := range pods {
		switch {
		case x.Pod.Terminating, x.Phase == mesh.Served && t.Clock.Now().Before(x.Since.Add(trialDrainTime)):
			continue
		case x.Phase == mesh.Serving:
			if err := t.change(ctx, trial.PodChange(step.StopTrialService, x)); err != nil && !errors.Is(err, ErrConflict) {
				return err
			}
			continue
		}
		if err := t.deleteTrial(ctx, trial.DeleteStep(x)); err != nil {
			return err
		}
	}
	return nil
}

func (t *turn) deleteTrial(ctx context.Context, s step.Step) error {
	changes, err := plan.Render(s, t.target, t.Clock.Now())
	if err != nil {
		return err
	}
	for _, c := range changes {
		if err := t.change(ctx, c); err != nil && !errors.Is(err, ErrConflict) {
			return fmt.Errorf("%s: %w", s, err)
		}
	}
	t.report(Event{Kind: Acted, Step: &s})
	return nil
}
