// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/verify"
)

const (
	// inService is how long a trial pod stays among those that serve, good all the
	// while: long enough for callers to have found it, at any rate of requests that
	// a trial can say something about.
	inService = 10 * time.Second

	// resting is how long it is left alone before it ends: callers learn within a
	// second that it takes no more requests, and those that it has are answered.
	resting = 5 * time.Second
)

// trial takes the next move of each workload's trial, of as many at the same time
// as may restart: make the pod, let it to a node, judge it, let it serve, judge it
// on, let it rest, end it. What is under way is seen in the world; only the
// verdict is written down.
func (t *turn) trial(ctx context.Context, s plan.Stage) (Outcome, error) {
	if ok, outcome, err := t.stand(ctx, s); !ok {
		return outcome, err
	}
	free := cmp.Or(t.intent.Parallel, defaultParallel)
	for _, step := range s.Steps {
		if len(t.world.TrialsOf(t.intent.Run, step.Subject)) > 0 {
			free--
		}
	}
	for _, step := range s.Steps {
		if outcome, err := t.tryOn(ctx, step, &free); outcome != "" || err != nil {
			return outcome, err
		}
	}
	if err := t.save(ctx); err != nil {
		return "", err
	}
	return "", t.Clock.Sleep(ctx, t.Poll)
}

// tryOn takes the next move of one trial.
func (t *turn) tryOn(ctx context.Context, step plan.Step, free *int) (Outcome, error) {
	pods := t.world.TrialsOf(t.intent.Run, step.Subject)
	wl, _ := t.world.Workload(step.Subject)
	_, passed := t.ledger.Passed[plan.Key(t.world, step, t.target)]
	switch {
	case len(pods) == 0 && *free > 0:
		*free--
		return t.launch(ctx, step)
	case len(pods) == 0:
		return "", nil
	case passed || len(pods) > 1 || pods[0].Pod.Terminating || stale(pods[0], wl, step):
		return t.takeAway(ctx, step, pods)
	case pods[0].Ended != "":
		return t.ended(ctx, step, wl, pods[0])
	case pods[0].Gated:
		return t.tried(ctx, step, t.change(ctx, plan.OnTrial(plan.Ungate, pods[0])))
	}
	return t.judge(ctx, step, pods[0])
}

// stale reports whether a trial pod was made from what the workload no longer is,
// or otherwise than is wished now, or is on its way out.
func stale(x mesh.Trial, wl mesh.Workload, step plan.Step) bool {
	return x.Service == mesh.Rested || x.Template != wl.Template.Hash || x.Mode != step.From || x.Revision != step.To
}

// ended takes away a trial pod that its node has ended, for another one to be made:
// that says nothing of the template, until it has happened a few times.
func (t *turn) ended(ctx context.Context, step plan.Step, wl mesh.Workload, x mesh.Trial) (Outcome, error) {
	n := t.ledger.NoteEnded(wl, step.To, x)
	delete(t.ledger.Soaking, plan.Key(t.world, step, t.target)) // the next one serves for the whole of its time
	if n >= plan.Endings {
		return t.fail(ctx, step, verify.Verdict{Check: verify.TrialPodReady.Name, Subject: step.Subject, Result: verify.Fail,
			Reason: fmt.Sprintf("trial pod %s has run to its end, the last of %d that did: %s", x.Pod.Name, n, x.Ended),
			Hint:   "Nothing of the workload was touched. See what ends pods on these nodes (pressure, a shutdown, what the pod asks for): the pods that a restart makes may end in the same way."})
	}
	t.waited(step) // that it goes has a time of its own
	return t.takeAway(ctx, step, []mesh.Trial{x})
}

func (t *turn) launch(ctx context.Context, step plan.Step) (Outcome, error) {
	changes, err := plan.Render(step, t.target, t.Clock.Now())
	if err != nil {
		return "", err
	}
	if _, again := t.ledger.Waiting[waitKey(step)]; !again {
		t.tell(Event{Kind: Acting, Step: &step})
	}
	wl, _ := t.world.Workload(step.Subject)
	for _, c := range changes {
		c.Expect = wl.Template.Hash
		if err = t.change(ctx, c); err != nil {
			return t.tried(ctx, step, err)
		}
	}
	t.waited(step) // a new pod has its whole time
	return "", nil
}

// change writes the ledger down, and then one change.
func (t *turn) change(ctx context.Context, c plan.Change) error {
	if err := t.save(ctx); err != nil {
		return err
	}
	return t.Actor.Act(ctx, c)
}

// tried is what becomes of a write of a trial: what the cluster refuses would
// hold up the workload's own pods as well, and what does not answer has its time.
func (t *turn) tried(ctx context.Context, step plan.Step, err error) (Outcome, error) {
	v := verify.Verdict{Check: verify.TrialPodReady.Name, Subject: step.Subject, Result: verify.Wait,
		Hint: "Nothing of the workload was touched. See that the target's injection webhook answers, and that the namespace has room for one more pod (quota, limits, pod security)."}
	switch {
	case err == nil, errors.Is(err, ErrDisturbed):
		return "", ctx.Err()
	case ctx.Err() != nil:
		return "", ctx.Err()
	case errors.Is(err, ErrRefused):
		v.Result = verify.Fail
	}
	if v.Reason = err.Error(); v.Result == verify.Fail || t.overdue(step) {
		return t.fail(ctx, step, v)
	}
	t.tell(Event{Kind: Waiting, Step: &step, Verdict: &v})
	return "", nil
}

// takeAway ends trial pods, and sees that they go.
func (t *turn) takeAway(ctx context.Context, step plan.Step, pods []mesh.Trial) (Outcome, error) {
	v := verify.Verdict{Check: verify.TrialPodReady.Name, Subject: step.Subject, Result: verify.Wait,
		Reason: fmt.Sprintf("trial pod %s is ending", pods[0].Pod.Name),
		Hint:   "Look at what keeps the pod: its finalizers, its node."}
	if t.overdue(step) {
		return t.fail(ctx, step, v)
	}
	t.tell(Event{Kind: Waiting, Step: &step, Verdict: &v})
	return "", t.delete(ctx, pods)
}
