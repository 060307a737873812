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
	"github.com/rerig/rerig/internal/plan/trial"
	"github.com/rerig/rerig/internal/step"
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
func (t *turn) trial(ctx context.Context, stage step.Stage) (Outcome, error) {
	if ok, outcome, err := t.stand(ctx, stage); !ok {
		return outcome, err
	}
	free := cmp.Or(t.intent.Parallel, defaultParallel)
	for _, s := range stage.Steps {
		if len(t.world.TrialsOf(t.intent.Run, s.Subject)) > 0 {
			free--
		}
	}
	for _, s := range stage.Steps {
		if outcome, err := t.tryOn(ctx, s, &free); outcome != "" || err != nil {
			return outcome, err
		}
	}
	if err := t.save(ctx); err != nil {
		return "", err
	}
	return "", t.Clock.Sleep(ctx, t.Poll)
}

// tryOn takes the next move of one trial.
func (t *turn) tryOn(ctx context.Context, s step.Step, free *int) (Outcome, error) {
	pods := t.world.TrialsOf(t.intent.Run, s.Subject)
	wl, _ := t.world.Workload(s.Subject)
	_, passed := t.ledger.Passed[plan.Key(t.world, s, t.target)]
	switch {
	case len(pods) == 0 && *free > 0:
		*free--
		return t.launch(ctx, s)
	case len(pods) == 0:
		return "", nil
	case passed || len(pods) > 1 || pods[0].Pod.Terminating || stale(pods[0], wl, s):
		return t.takeAway(ctx, s, pods)
	case pods[0].Ended != "":
		return t.ended(ctx, s, wl, pods[0])
	case pods[0].Gated:
		return t.tried(ctx, s, t.change(ctx, trial.PodChange(step.ScheduleTrial, pods[0])))
	}
	return t.judge(ctx, s, pods[0])
}

// stale reports whether a trial pod was made from what the workload no longer is,
// or otherwise than is wished now, or is on its way out.
func stale(x mesh.Trial, wl mesh.Workload, s step.Step) bool {
	return x.Phase == mesh.Served || x.Template != wl.Template.Hash || x.Mode != s.From || x.Revision != s.To
}

// ended takes away a trial pod that its node has ended, for another one to be made:
// that says nothing of the template, until it has happened a few times.
func (t *turn) ended(ctx context.Context, s step.Step, wl mesh.Workload, x mesh.Trial) (Outcome, error) {
	n := t.ledger.NoteTrialEnded(wl, s.To, x)
	delete(t.ledger.Soaking, plan.Key(t.world, s, t.target)) // the next one serves for the whole of its time
	if n >= step.MaxTrialsEnded {
		return t.fail(ctx, s, verify.Verdict{Check: verify.TrialPodReady.Name, Subject: s.Subject, Result: verify.Fail,
			Reason: fmt.Sprintf("trial pod %s has run to its end, the last of %d that did: %s", x.Pod.Name, n, x.Ended),
			Hint:   "Nothing of the workload was touched. See what ends pods on these nodes (pressure, a shutdown, what the pod asks for): the pods that a restart makes may end in the same way."})
	}
	t.waited(s) // that it goes has a time of its own
	return t.takeAway(ctx, s, []mesh.Trial{x})
}

func (t *turn) launch(ctx context.Context, s step.Step) (Outcome, error) {
	changes, err := plan.Render(s, t.target, t.Clock.Now())
	if err != nil {
		return "", err
	}
	if _, again := t.ledger.Waiting[waitKey(s)]; !again {
		t.tell(Event{Kind: Acting, Step: &s})
	}
	wl, _ := t.world.Workload(s.Subject)
	for _, c := range changes {
		c.Expect = wl.Template.Hash
		if err = t.change(ctx, c); err != nil {
			return t.tried(ctx, s, err)
		}
	}
	t.waited(s) // a new pod has its whole time
	return "", nil
}

// change writes the ledger down, and then one change.
func (t *turn) change(ctx context.Context, c step.Change) error {
	if err := t.save(ctx); err != nil {
		return err
	}
	return t.Writer.Write(ctx, c)
}

// tried is what becomes of a write of a trial: what the cluster refuses would
// hold up the workload's own pods as well, and what does not answer has its time.
func (t *turn) tried(ctx context.Context, s step.Step, err error) (Outcome, error) {
	v := verify.Verdict{Check: verify.TrialPodReady.Name, Subject: s.Subject, Result: verify.Wait,
		Hint: "Nothing of the workload was touched. See that the target's injection webhook answers, and that the namespace has room for one more pod (quota, limits, pod security)."}
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
	t.tell(Event{Kind: Waiting, Step: &s, Verdict: &v})
	return "", nil
}

// takeAway ends trial pods, and sees that they go.
func (t *turn) takeAway(ctx context.Context, s step.Step, pods []mesh.Trial) (Outcome, error) {
	v := verify.Verdict{Check: verify.TrialPodReady.Name, Subject: s.Subject, Result: verify.Wait,
		Reason: fmt.Sprintf("trial pod %s is ending", pods[0].Pod.Name),
		Hint:   "Look at what keeps the pod: its finalizers, its node."}
	if t.overdue(s) {
		return t.fail(ctx, s, v)
	}
	t.tell(Event{Kind: Waiting, Step: &s, Verdict: &v})
	return "", t.delete(ctx, pods)
}
