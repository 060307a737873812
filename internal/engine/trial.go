// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/plan/trial"
	"github.com/rerig/rerig/internal/step"
	"github.com/rerig/rerig/internal/verify"
)

const (
	// trialTime is how long a trial pod serves requests and has to pass its checks:
	// long enough for clients to find it.
	trialTime = 10 * time.Second

	// trialDrainTime is how long a trial pod stays after it served: clients learn
	// within a second that it accepts no more requests, and the requests that it has
	// are answered.
	trialDrainTime = 5 * time.Second
)

// trial makes the next move of each workload's trial, of as many workloads at the
// same time as may restart: create the pod, let it be scheduled, check it, let it
// serve, check it again, drain it, delete it. The cluster shows which moves are done;
// only the verdict is recorded.
func (t *turn) trial(ctx context.Context, stage step.Stage) (Outcome, error) {
	if ok, outcome, err := t.waitForControlPlanes(ctx, stage); !ok {
		return outcome, err
	}
	free := t.parallel()
	for _, s := range stage.Steps {
		if len(t.world.TrialsOf(t.intent.Run, s.Workload())) > 0 {
			free--
		}
	}
	for _, s := range stage.Steps {
		if outcome, err := t.moveTrial(ctx, s, &free); outcome != "" || err != nil {
			return outcome, err
		}
	}
	return t.saveAndSleep(ctx)
}

// moveTrial makes the next move of one trial.
func (t *turn) moveTrial(ctx context.Context, s step.Step, free *int) (Outcome, error) {
	pods := t.world.TrialsOf(t.intent.Run, s.Workload())
	wl, _ := t.world.Workload(s.Workload())
	_, passed := t.ledger.Passed[plan.VerdictKey(t.world, s, t.target)]
	switch {
	case len(pods) == 0 && *free > 0:
		*free--
		return t.createTrial(ctx, s)
	case len(pods) == 0:
		return "", nil
	case passed || len(pods) > 1 || pods[0].Pod.Terminating || outdatedTrial(pods[0], wl, s):
		return t.deleteTrialsOf(ctx, s, pods)
	case pods[0].Ended != "":
		return t.replaceEndedTrial(ctx, s, wl, pods[0])
	case pods[0].Gated:
		return t.afterTrialWrite(ctx, s, t.change(ctx, trial.PodChange(step.ScheduleTrial, pods[0])))
	}
	return t.checkTrial(ctx, s, pods[0])
}

// outdatedTrial reports whether a trial pod was created from another template or in
// another mode than the plan has now, or is draining.
func outdatedTrial(x mesh.Trial, wl mesh.Workload, s step.Step) bool {
	return x.Phase == mesh.Served || x.Template != wl.Template.Hash || x.Mode != s.From || x.Revision != s.To
}

// replaceEndedTrial deletes a trial pod that its node has ended, for another one to be
// created. That does not concern the template until it has happened a few times.
func (t *turn) replaceEndedTrial(ctx context.Context, s step.Step, wl mesh.Workload, x mesh.Trial) (Outcome, error) {
	n := t.ledger.NoteTrialEnded(wl, s.To, x)
	delete(t.ledger.Soaking, plan.VerdictKey(t.world, s, t.target)) // the next one serves for the complete time
	if n >= step.MaxTrialsEnded {
		return t.fail(ctx, s, verify.Verdict{
			Check:   verify.TrialPodReady.Name,
			Subject: string(s.Subject),
			Result:  verify.Fail,
			Reason:  fmt.Sprintf("trial pod %s ended before its trial was over, as the last of %d trial pods: %s", x.Pod.Name, n, x.Ended),
			Hint: "The workload itself was not changed. See what ends pods on these nodes (pressure, a shutdown, the pod's requests): " +
				"the pods of a restart may end in the same manner.",
		})
	}
	t.stopWaiting(s) // its deletion has a time of its own
	return t.deleteTrialsOf(ctx, s, []mesh.Trial{x})
}

func (t *turn) createTrial(ctx context.Context, s step.Step) (Outcome, error) {
	changes, err := plan.Render(s, t.target, t.Clock.Now())
	if err != nil {
		return "", err
	}
	if _, again := t.ledger.Waiting[s.WaitKey()]; !again {
		t.report(Event{Kind: Acting, Step: &s})
	}
	wl, _ := t.world.Workload(s.Workload())
	for _, c := range changes {
		c.Expect = wl.Template.Hash
		if err = t.change(ctx, c); err != nil {
			return t.afterTrialWrite(ctx, s, err)
		}
	}
	t.stopWaiting(s) // a new pod has its full time
	return "", nil
}

// change records the ledger and then writes one change.
func (t *turn) change(ctx context.Context, c step.Change) error {
	if err := t.save(ctx); err != nil {
		return err
	}
	return t.Writer.Write(ctx, t.conditional(c))
}

// afterTrialWrite handles the error of a trial's write. What the API server rejects
// would block the workload's own pods too and fails; anything else may be retried
// until the ready timeout.
func (t *turn) afterTrialWrite(ctx context.Context, s step.Step, err error) (Outcome, error) {
	v := verify.Verdict{
		Check:   verify.TrialPodReady.Name,
		Subject: string(s.Subject),
		Result:  verify.Wait,
		Hint: "The workload itself was not changed. See that the target's injection webhook answers, " +
			"and that the namespace has capacity for one more pod (quota, limits, pod security).",
	}
	switch {
	case err == nil, errors.Is(err, ErrConflict):
		return "", ctx.Err()
	case ctx.Err() != nil:
		return "", ctx.Err()
	case errors.Is(err, ErrRefused):
		v.Result = verify.Fail
	}
	if v.Reason = err.Error(); v.Result == verify.Fail || t.overdue(s) {
		return t.fail(ctx, s, v)
	}
	t.report(Event{Kind: Waiting, Step: &s, Verdict: &v})
	return "", nil
}

// deleteTrialsOf deletes the trial pods of a workload and waits for that.
func (t *turn) deleteTrialsOf(ctx context.Context, s step.Step, pods []mesh.Trial) (Outcome, error) {
	v := verify.Verdict{
		Check:   verify.TrialPodReady.Name,
		Subject: string(s.Subject),
		Result:  verify.Wait,
		Reason:  fmt.Sprintf("trial pod %s is terminating", pods[0].Pod.Name),
		Hint:    trialDeletionHint(s.Workload().Namespace()),
	}
	if t.overdue(s) {
		return t.fail(ctx, s, v)
	}
	t.report(Event{Kind: Waiting, Step: &s, Verdict: &v})
	return "", t.drainAndDelete(ctx, pods)
}

// trialDeletionHint says where to look at a trial pod that is not deleted.
func trialDeletionHint(namespace string) string {
	return "Look at the pod's finalizers and at its node: `kubectl get pods -n " + namespace + " -o yaml`, `kubectl get nodes`."
}
