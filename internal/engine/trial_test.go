// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// trialUpgrade returns an upgrade with a trial of each workload, out of service in
// namespace c.
func trialUpgrade() *fake {
	f := newUpgrade()
	f.intent.Policy = step.Policy{Trial: step.InService, Rules: []step.Rule{{Namespace: "c", Trial: step.OutOfService}}}
	for i, wl := range f.world.Workloads {
		f.world.Workloads[i].Template.Labels = map[string]string{"app": wl.Name}
		f.world.Workloads[i].Services = []mesh.Service{{Name: wl.Name, Selector: map[string]string{"app": wl.Name}}}
	}
	f.ledger = step.Ledger{}
	f.approve()
	return f
}

// applyTrial applies a write of a trial. A scheduled pod runs at once; a deleted pod is
// terminating for one observation.
func (f *fake) applyTrial(c step.Change) {
	f.world.Trials = slices.Clone(f.world.Trials)
	if c.Verb == step.CreateTrial {
		wl, _ := f.world.Workload(mesh.WorkloadRef(c.Kind + " " + c.Namespace + "/" + c.Name))
		f.world.Trials = append(f.world.Trials, mesh.Trial{
			Run: c.Trial.Run, Workload: wl.Ref(), Template: wl.Template.Hash, Revision: c.Trial.Revision,
			Mode: string(c.Trial.Mode), Gated: true, Namespace: c.Namespace,
			Pod: mesh.Pod{Name: c.Name + "-trial", UID: fmt.Sprint("uid-", f.calls), Problem: "not scheduled: SchedulingGated"}})
		return
	}
	for i, x := range f.world.Trials {
		switch p := &f.world.Trials[i]; {
		case x.Namespace != c.Namespace || x.Pod.Name != c.Name || x.Pod.UID != c.Expect:
		case c.Verb == step.Delete:
			p.Pod.Terminating = true
		case c.Verb == step.ServeTrial:
			p.Phase, p.Since, p.Pod.Ready = mesh.Serving, f.now, true
			if p.Pod.Endpoints = []string{strings.TrimSuffix(x.Pod.Name, "-trial")}; f.trialsUnrouted {
				p.Pod.Endpoints = nil
			}
		case c.Verb == step.StopTrialService:
			p.Phase, p.Since, p.Pod.Ready = mesh.Served, f.now, false
		case f.trialsUnready:
			p.Gated, p.Pod.Problem = false, "app: ImagePullBackOff"
		default:
			p.Gated, p.ContainersReady, p.Pod.Running = false, true, true
			p.Pod.Sidecar = mesh.Sidecar{Present: true, Revision: x.Revision}
		}
	}
}

// trialProxies returns the connections of the trial pods' proxies. Pods that are
// terminating are gone at the next observation.
func (f *fake) trialProxies() []mesh.Proxy {
	var list []mesh.Proxy
	for _, x := range f.world.Trials {
		p := connection(x.Namespace, x.Pod.Name, x.Revision)
		if f.rejectsIn == x.Namespace {
			p.Rejected = []mesh.Rejection{{Type: "LDS", Reason: "no such filter"}}
		}
		if x.Pod.Running {
			list = append(list, p)
		}
	}
	f.world.Trials = slices.DeleteFunc(slices.Clone(f.world.Trials), func(x mesh.Trial) bool { return x.Pod.Terminating })
	return list
}

// writesByVerb counts the writes of each verb.
func (f *fake) writesByVerb() map[step.Verb]int {
	n := map[step.Verb]int{}
	for _, c := range f.writes {
		n[c.Verb]++
	}
	return n
}

func TestTrialsPrecedeTheNamespaceLabel(t *testing.T) {
	t.Parallel()
	f := trialUpgrade()
	deleted := map[string]int{}
	f.afterWrite = func(c step.Change) {
		if c.Verb == step.Delete {
			deleted[c.Namespace]++
		}
		if c.Kind == "Namespace" && deleted[c.Name] != 2 {
			t.Errorf("got namespace %s labelled after %d trials, want 2", c.Name, deleted[c.Name])
		}
	}
	expect(t, f, Completed)
	n := f.writesByVerb()
	if n[step.CreateTrial] != 6 || n[step.ScheduleTrial] != 6 || n[step.ServeTrial] != 4 || n[step.StopTrialService] != 4 ||
		n[step.Delete] != 6 || len(f.world.Trials) != 0 {
		t.Errorf("got writes %v and trial pods %v", n, f.world.Trials)
	}
}

// A trial pod in service serves for its time and drains before it is deleted. One out of
// service never serves.
func TestTrialServesAndDrains(t *testing.T) {
	t.Parallel()
	f := trialUpgrade()
	at := map[step.Verb]map[string]time.Time{step.ServeTrial: {}, step.StopTrialService: {}, step.Delete: {}}
	f.afterWrite = func(c step.Change) {
		if times, of := at[c.Verb]; of {
			times[c.Namespace+"/"+c.Name] = f.now
		}
	}
	expect(t, f, Completed)
	const in, out = "a/x-trial", "c/x-trial"
	served := at[step.StopTrialService][in].Sub(at[step.ServeTrial][in])
	drained := at[step.Delete][in].Sub(at[step.StopTrialService][in])
	if served < trialTime || drained < trialDrainTime {
		t.Errorf("got %s in service and %s draining, want %s and %s", served, drained, trialTime, trialDrainTime)
	}
	passed := slices.Collect(maps.Values(f.ledger.Passed))
	if !slices.ContainsFunc(passed, func(p step.Pass) bool { return strings.Contains(p.Evidence, ", served in x for 10s") }) {
		t.Errorf("got evidence %v, want that it served in x for 10s", passed)
	}
	if !at[step.ServeTrial][out].IsZero() || at[step.Delete][out].IsZero() {
		t.Errorf("got writes at %v, want no service of %s", at, out)
	}
}

func TestTrialFailingInServiceDrains(t *testing.T) {
	t.Parallel()
	f := trialUpgrade()
	f.afterWrite = func(c step.Change) {
		if c.Verb == step.ServeTrial {
			f.rejectsIn = c.Namespace
		}
	}
	expect(t, f, Held)
	n := f.writesByVerb()
	if n[step.ServeTrial] == 0 || n[step.StopTrialService] != n[step.ServeTrial] || len(f.world.Trials) != 0 ||
		f.ledger.Held.Reason != step.ReasonCheckFailed {
		t.Errorf("got writes %v, trial pods %v, hold %+v", n, f.world.Trials, f.ledger.Held)
	}
}

// A failing trial holds the run by name. It leaves no trial pod, and the wave is not
// rolled back because nothing of it has moved.
func TestFailingTrialHoldsAndDeletesItsPods(t *testing.T) {
	t.Parallel()
	refused := fmt.Errorf("create trial pod: %w: exceeded quota: pods", ErrRefused)
	for _, tc := range []struct {
		name    string
		breaks  func(*fake)
		reason  step.HoldReason
		message string
	}{
		{"configuration refused", func(f *fake) { f.rejectsIn = "b" }, step.ReasonCheckFailed, "rejected the LDS"},
		{"never ready", func(f *fake) { f.trialsUnready = true }, step.ReasonTimedOut, "x-trial: app: ImagePullBackOff"},
		{"no endpoint", func(f *fake) { f.trialsUnrouted = true }, step.ReasonTimedOut, "to be an endpoint of "},
		{"certificate", func(f *fake) { f.badCertificatePod = "x-trial" }, step.ReasonCheckFailed, "does not chain"},
		{"no capacity", func(f *fake) { f.beforeWrite = failOn(step.CreateTrial, refused) }, step.ReasonCheckFailed, "exceeded quota"},
		{"webhook does not answer", func(f *fake) {
			f.beforeWrite = failOn(step.CreateTrial, errors.New("no answer within 5s"))
		}, step.ReasonTimedOut, "no answer within 5s"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			f := trialUpgrade()
			f.intent.RollbackOnFailure = true
			f.afterWrite = func(c step.Change) {
				if c.Namespace == "a" && c.Kind == "Deployment" && c.Verb == step.Patch {
					tc.breaks(f)
				}
			}
			expect(t, f, Held)
			h := f.ledger.Held
			if h.Reason != tc.reason || !strings.Contains(h.Message, tc.message) || !strings.HasPrefix(h.Subject, "Deployment b/") || h.Hint == "" {
				t.Errorf("got hold %+v", h)
			}
			if got := sidecars(f); got != "[1-31-0] [1-29-1] [1-29-1]" || len(f.world.Trials) != 0 ||
				f.world.Namespaces[1].Labels[mesh.RevisionLabel] != "1-29-1" {
				t.Errorf("got sidecars %s, trial pods %v, namespace %v", got, f.world.Trials, f.world.Namespaces[1])
			}
			repair(f)
			f.trialsUnready, f.trialsUnrouted, f.beforeWrite, f.afterWrite = false, false, nil, nil
			expect(t, f, Completed)
		})
	}
}

func failOn(verb step.Verb, err error) func(step.Change) error {
	return func(c step.Change) error {
		if c.Verb == verb {
			return err
		}
		return nil
	}
}

func TestHoldDeletesTrialPods(t *testing.T) {
	t.Parallel()
	f := trialUpgrade()
	f.afterWrite = func(c step.Change) {
		if c.Verb == step.ScheduleTrial {
			f.world.Namespaces[2].Labels, f.afterWrite = map[string]string{mesh.RevisionLabel: "1-28-0"}, nil
		}
	}
	expect(t, f, Held)
	if f.ledger.Held.Reason != step.ReasonPlanChanged || len(f.world.Trials) != 0 {
		t.Errorf("got hold %+v and trial pods %v, want %s and none", f.ledger.Held, f.world.Trials, step.ReasonPlanChanged)
	}
	deleted := 0
	for _, e := range f.reported(Acted) {
		if e.Step.Kind == step.DeleteTrial {
			deleted++
		}
	}
	if deleted == 0 {
		t.Errorf("got no event of a deleted trial pod before the hold: %+v", f.events)
	}
}

func TestTemplateChangeRepeatsTheTrial(t *testing.T) {
	t.Parallel()
	f := trialUpgrade()
	f.afterWrite = func(c step.Change) {
		if c.Verb == step.ScheduleTrial {
			f.world.Workloads = slices.Clone(f.world.Workloads)
			f.world.Workloads[0].Template.Hash, f.afterWrite = "deployed", nil
		}
	}
	expect(t, f, Completed)
	if n := f.writesByVerb(); n[step.CreateTrial] != 7 || n[step.Delete] != 7 {
		t.Errorf("got writes %v, want 7 trial pods created and deleted", n)
	}
}

// A trial pod that its node ends is replaced by another, which serves for the complete
// time. The run holds if each of them ends.
func TestEndedTrialPodIsReplaced(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		serving bool
		times   int
		want    Outcome
	}{
		{"once before it is ready", false, 1, Completed},
		{"once while it serves", true, 1, Completed},
		{"twice", false, step.MaxTrialsEnded - 1, Completed},
		{"each time", false, 9, Held},
		{"each time while it serves", true, 9, Held},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f, began := trialUpgrade(), time.Time{}
			trialPod := func() *mesh.Trial {
				for i := range f.world.Trials {
					if p := &f.world.Trials[i]; p.Namespace == "b" && p.Pod.Name == "x-trial" {
						return p
					}
				}
				return nil
			}
			ends := func(*mesh.World) {
				if p := trialPod(); p != nil && c.times > 0 && p.Ended == "" && !p.Gated &&
					(!c.serving || p.Phase == mesh.Serving && f.now.Sub(began) > trialTime/2) {
					c.times--
					p.Ended, p.ContainersReady, p.Pod.Running, p.Pod.Ready = "Failed: Evicted: The node was low on resource: memory.", false, false, false
				}
			}
			f.onObserve = ends
			f.afterWrite = func(w step.Change) {
				switch {
				case w.Namespace != "b" || w.Name != "x-trial":
				case w.Verb == step.ServeTrial:
					began = f.now
				case w.Verb == step.StopTrialService && trialPod().Ended == "" && f.now.Sub(began) < trialTime:
					t.Errorf("got %s in service, want %s", f.now.Sub(began), trialTime)
				case w.Verb == step.ScheduleTrial && !c.serving:
					ends(nil)
				}
			}
			start := f.now
			expect(t, f, c.want)
			if c.want == Held {
				wantHold(t, f, step.Hold{Reason: step.ReasonCheckFailed, Subject: "Deployment b/x",
					Message: "the last of 3 trial pods: Failed: Evicted: The node was low"})
			}
			if len(f.world.Trials) != 0 || c.want == Held && f.now.Sub(start) > f.intent.ReadyTimeout {
				t.Errorf("got trial pods %v after %s, want none before the timeout", f.world.Trials, f.now.Sub(start))
			}
			f.onObserve, f.afterWrite = nil, nil
			expect(t, f, Completed)
		})
	}
}

// smallTrialUpgrade returns trials in two namespaces, so that a crash at every call takes
// little time.
func smallTrialUpgrade() *fake {
	f := trialUpgrade()
	f.intent.Soak, f.intent.Waves, f.ledger = 0, [][]string{{"a"}, {"c"}}, step.Ledger{}
	f.approve()
	return f
}

// After a crash at any call a run that continues, and one that is rolled back, leave no
// trial pod.
func TestTrialSurvivesAnyCrash(t *testing.T) {
	t.Parallel()
	for n := 1; ; n++ {
		f := smallTrialUpgrade()
		f.crashAt = n
		if _, err := f.run(); err == nil {
			t.Logf("%d crash points", n-1)
			return
		}
		f.crashAt = 0
		back := *f
		expect(t, f, Completed)
		if got := sidecars(f); got != "[1-31-0] [1-29-1] [1-31-0]" || len(f.world.Trials) != 0 || repeatedRestart(f) != "" {
			t.Fatalf("crash at call %d: got sidecars %s, trial pods %v, restarted twice: %q", n, got, f.world.Trials, repeatedRestart(f))
		}
		back.intent.Rollback = true
		expect(t, &back, RolledBack)
		if got := sidecars(&back); got != allOld || len(back.world.Trials) != 0 {
			t.Fatalf("crash at call %d, rolled back: got sidecars %s, trial pods %v", n, got, back.world.Trials)
		}
	}
}

// After a crash while a failing trial is deleted, the trial fails and is deleted again.
func TestFailingTrialSurvivesAnyCrash(t *testing.T) {
	t.Parallel()
	for n := 1; ; n++ {
		f := trialUpgrade()
		f.rejectsIn, f.crashAt = "a", n
		_, err := f.run()
		f.crashAt = 0
		expect(t, f, Held)
		if got := sidecars(f); got != allOld || len(f.world.Trials) != 0 ||
			!strings.Contains(f.ledger.Held.Message, "rejected the LDS") {
			t.Fatalf("crash at call %d: got sidecars %s, trial pods %v, hold %+v", n, got, f.world.Trials, f.ledger.Held)
		}
		if err == nil {
			return
		}
	}
}
