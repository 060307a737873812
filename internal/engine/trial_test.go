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

// trying is an upgrade in which everything is tried first, out of service in
// namespace c.
func trying() *fake {
	f := upgrade()
	f.intent.Policy = step.Policy{Trial: step.InService, Rules: []step.Rule{{Namespace: "c", Trial: step.OutOfService}}}
	for i, wl := range f.world.Workloads {
		f.world.Workloads[i].Template.Labels = map[string]string{"app": wl.Name}
		f.world.Workloads[i].Services = []mesh.Service{{Name: wl.Name, Selector: map[string]string{"app": wl.Name}}}
	}
	f.ledger = step.Ledger{}
	f.agree()
	return f
}

// onTrial makes, lets loose and ends trial pods: a pod that is let to a node runs
// at once, one that is ended is seen ending once.
func (f *fake) onTrial(c step.Change) {
	f.world.Trials = slices.Clone(f.world.Trials)
	if c.Verb == step.CreateTrial {
		wl, _ := f.world.Workload(mesh.WorkloadRef(c.Kind + " " + c.Namespace + "/" + c.Name))
		f.world.Trials = append(f.world.Trials, mesh.Trial{Run: c.Trial.Run, Workload: wl.Ref(), Template: wl.Template.Hash, Revision: c.Trial.Revision,
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
			if p.Pod.Endpoints = []string{strings.TrimSuffix(x.Pod.Name, "-trial")}; f.unled {
				p.Pod.Endpoints = nil
			}
		case c.Verb == step.StopTrialService:
			p.Phase, p.Since, p.Pod.Ready = mesh.Served, f.now, false
		case f.barred:
			p.Gated, p.Pod.Problem = false, "app: ImagePullBackOff"
		default:
			p.Gated, p.ContainersReady, p.Pod.Running = false, true, true
			p.Pod.Sidecar = mesh.Sidecar{Present: true, Revision: x.Revision}
		}
	}
}

// trials are the connections of the trial pods' proxies. Those that were ending
// at this look are gone at the next.
func (f *fake) trials() []mesh.Proxy {
	var list []mesh.Proxy
	for _, x := range f.world.Trials {
		p := mesh.Proxy{Namespace: x.Namespace, Pod: x.Pod.Name, Revision: x.Revision, Istiod: "istiod-" + x.Revision, Sent: []string{"CDS", "LDS"}}
		if f.rejects == x.Namespace {
			p.Rejected = []mesh.Rejection{{Type: "LDS", Reason: "no such filter"}}
		}
		if x.Pod.Running {
			list = append(list, p)
		}
	}
	f.world.Trials = slices.DeleteFunc(slices.Clone(f.world.Trials), func(x mesh.Trial) bool { return x.Pod.Terminating })
	return list
}

// verbs counts the writes of each verb.
func (f *fake) verbs() map[step.Verb]int {
	n := map[step.Verb]int{}
	for _, c := range f.writes {
		n[c.Verb]++
	}
	return n
}

func TestTrialsPrecedeTheNamespaceLabel(t *testing.T) {
	t.Parallel()
	f := trying()
	tried := map[string]int{}
	f.acted = func(c step.Change) {
		if c.Verb == step.Delete {
			tried[c.Namespace]++
		}
		if c.Kind == "Namespace" && tried[c.Name] != 2 {
			t.Errorf("namespace %s is labelled after %d trials", c.Name, tried[c.Name])
		}
	}
	expect(t, f, Completed)
	if n := f.verbs(); n[step.CreateTrial] != 6 || n[step.ScheduleTrial] != 6 || n[step.ServeTrial] != 4 || n[step.StopTrialService] != 4 || n[step.Delete] != 6 || len(f.world.Trials) != 0 {
		t.Errorf("written was %v, left are %v", n, f.world.Trials)
	}
}

// A trial pod in service stays for its time and rests before it goes; one out of
// service never serves.
func TestTrialServesAndDrains(t *testing.T) {
	t.Parallel()
	f := trying()
	at := map[step.Verb]map[string]time.Time{step.ServeTrial: {}, step.StopTrialService: {}, step.Delete: {}}
	f.acted = func(c step.Change) {
		if times, of := at[c.Verb]; of {
			times[c.Namespace+"/"+c.Name] = f.now
		}
	}
	expect(t, f, Completed)
	const in, out = "a/x-trial", "c/x-trial"
	if served, rested := at[step.StopTrialService][in].Sub(at[step.ServeTrial][in]), at[step.Delete][in].Sub(at[step.StopTrialService][in]); served < trialTime || rested < trialDrainTime {
		t.Errorf("it served for %s and rested for %s", served, rested)
	}
	if said := slices.Collect(maps.Values(f.ledger.Passed)); !slices.ContainsFunc(said, func(p step.Pass) bool { return strings.Contains(p.Evidence, ", served in x for 10s") }) {
		t.Errorf("it is said that it served: %v", said)
	}
	if !at[step.ServeTrial][out].IsZero() || at[step.Delete][out].IsZero() {
		t.Errorf("what was to stay out of service: %v", at)
	}
}

// A trial pod that fails while it serves rests before it goes, too.
func TestTrialFailingInServiceDrains(t *testing.T) {
	t.Parallel()
	f := trying()
	f.acted = func(c step.Change) {
		if c.Verb == step.ServeTrial {
			f.rejects = c.Namespace
		}
	}
	expect(t, f, Held)
	if n := f.verbs(); n[step.ServeTrial] == 0 || n[step.StopTrialService] != n[step.ServeTrial] || len(f.world.Trials) != 0 || f.ledger.Held.Reason != checkFailed {
		t.Errorf("written was %v, left are %v, held with %+v", n, f.world.Trials, f.ledger.Held)
	}
}

// Whatever fails a trial holds the run by name, with nothing else touched and no
// trial pod left, and puts nothing back.
func TestFailingTrialHoldsAndDeletesItsPods(t *testing.T) {
	t.Parallel()
	refused := fmt.Errorf("make trial pod: %w: exceeded quota: pods", ErrRefused)
	for _, tc := range []struct {
		name    string
		breaks  func(*fake)
		reason  string
		message string
	}{
		{"configuration refused", func(f *fake) { f.rejects = "b" }, checkFailed, "rejected the LDS"},
		{"never ready", func(f *fake) { f.barred = true }, timedOut, "x-trial: app: ImagePullBackOff"},
		{"no endpoint", func(f *fake) { f.unled = true }, timedOut, "to be an endpoint of "},
		{"certificate", func(f *fake) { f.broken = "x-trial" }, checkFailed, "does not chain"},
		{"no room", func(f *fake) { f.cut = failing(step.CreateTrial, refused) }, checkFailed, "exceeded quota"},
		{"webhook does not answer", func(f *fake) { f.cut = failing(step.CreateTrial, errors.New("no answer within 5s")) }, timedOut, "no answer within 5s"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			f := trying()
			f.intent.RollbackOnFailure = true
			f.acted = func(c step.Change) {
				if c.Namespace == "a" && c.Kind == "Deployment" && c.Verb == step.Patch {
					tc.breaks(f)
				}
			}
			expect(t, f, Held)
			h := f.ledger.Held
			if h.Reason != tc.reason || !strings.Contains(h.Message, tc.message) || !strings.HasPrefix(h.Subject, "Deployment b/") || h.Hint == "" {
				t.Errorf("held with %+v", h)
			}
			if got := where(f); got != "[1-31-0] [1-29-1] [1-29-1]" || len(f.world.Trials) != 0 || f.world.Namespaces[1].Labels[mesh.RevisionLabel] != "1-29-1" {
				t.Errorf("it stands at %s, with %v and %v", got, f.world.Trials, f.world.Namespaces[1])
			}
			healthy(f)
			f.barred, f.unled, f.cut, f.acted = false, false, nil, nil
			expect(t, f, Completed)
		})
	}
}

func failing(verb step.Verb, err error) func(step.Change) error {
	return func(c step.Change) error {
		if c.Verb == verb {
			return err
		}
		return nil
	}
}

// A hold for another reason leaves no trial pod behind either.
func TestHoldDeletesTrialPods(t *testing.T) {
	t.Parallel()
	f := trying()
	f.acted = func(c step.Change) {
		if c.Verb == step.ScheduleTrial {
			f.world.Namespaces[2].Labels, f.acted = map[string]string{mesh.RevisionLabel: "1-28-0"}, nil
		}
	}
	expect(t, f, Held)
	if f.ledger.Held.Reason != planChanged || len(f.world.Trials) != 0 {
		t.Errorf("held with %+v; left are %v", f.ledger.Held, f.world.Trials)
	}
}

// What is deployed in the middle of a trial is what is tried in the end.
func TestTemplateChangeRepeatsTheTrial(t *testing.T) {
	t.Parallel()
	f := trying()
	f.acted = func(c step.Change) {
		if c.Verb == step.ScheduleTrial {
			f.world.Workloads = slices.Clone(f.world.Workloads)
			f.world.Workloads[0].Template.Hash, f.acted = "deployed", nil
		}
	}
	expect(t, f, Completed)
	if n := f.verbs(); n[step.CreateTrial] != 7 || n[step.Delete] != 7 {
		t.Errorf("written was %v", n)
	}
}

// A trial pod that its node ends says nothing of the template: another one is made,
// which serves for its whole time. When each of them ends the run holds, and says how.
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
			f, began := trying(), time.Time{}
			tried := func() *mesh.Trial {
				for i := range f.world.Trials {
					if p := &f.world.Trials[i]; p.Namespace == "b" && p.Pod.Name == "x-trial" {
						return p
					}
				}
				return nil
			}
			ends := func(*mesh.World) {
				if p := tried(); p != nil && c.times > 0 && p.Ended == "" && !p.Gated && (!c.serving || p.Phase == mesh.Serving && f.now.Sub(began) > trialTime/2) {
					c.times--
					p.Ended, p.ContainersReady, p.Pod.Running, p.Pod.Ready = "Failed: Evicted: The node was low on resource: memory.", false, false, false
				}
			}
			f.sees = ends
			f.acted = func(w step.Change) {
				switch {
				case w.Namespace != "b" || w.Name != "x-trial":
				case w.Verb == step.ServeTrial:
					began = f.now
				case w.Verb == step.StopTrialService && tried().Ended == "" && f.now.Sub(began) < trialTime:
					t.Errorf("it served for %s", f.now.Sub(began))
				case w.Verb == step.ScheduleTrial && !c.serving:
					ends(nil)
				}
			}
			start := f.now
			expect(t, f, c.want)
			if h := f.ledger.Held; c.want == Held && (h.Reason != checkFailed || h.Subject != "Deployment b/x" || !strings.Contains(h.Message, "the last of 3 trial pods: Failed: Evicted: The node was low")) {
				t.Errorf("held with %+v", h)
			}
			if len(f.world.Trials) != 0 || c.want == Held && f.now.Sub(start) > f.intent.ReadyTimeout {
				t.Errorf("left are %v, after %s", f.world.Trials, f.now.Sub(start))
			}
			f.sees, f.acted = nil, nil
			expect(t, f, Completed)
		})
	}
}

// few is trying in two namespaces of three: there is more to kill in it than time.
func few() *fake {
	f := trying()
	f.intent.Soak, f.intent.Waves, f.ledger = 0, [][]string{{"a"}, {"c"}}, step.Ledger{}
	f.agree()
	return f
}

// Killed after each port call and resumed, or taken back, nothing of a trial is
// left, and everything is where it should be.
func TestTrialSurvivesAnyCrash(t *testing.T) {
	t.Parallel()
	for n := 1; ; n++ {
		f := few()
		f.dieAt = n
		if _, err := f.run(); err == nil {
			t.Logf("%d crash points", n-1)
			return
		}
		f.dieAt = 0
		back := *f
		expect(t, f, Completed)
		if got := where(f); got != "[1-31-0] [1-29-1] [1-31-0]" || len(f.world.Trials) != 0 || restartsOf(f) != "" {
			t.Fatalf("killed after port call %d: %s, left are %v, restarted twice: %s", n, got, f.world.Trials, restartsOf(f))
		}
		back.intent.Rollback = true
		expect(t, &back, RolledBack)
		if got := where(&back); got != "[1-29-1] [1-29-1] [1-29-1]" || len(back.world.Trials) != 0 {
			t.Fatalf("killed after port call %d and taken back: %s, left are %v", n, got, back.world.Trials)
		}
	}
}

// Killed while a failing trial is taken away, it fails and goes once more.
func TestFailingTrialSurvivesAnyCrash(t *testing.T) {
	t.Parallel()
	for n := 1; ; n++ {
		f := trying()
		f.rejects, f.dieAt = "a", n
		_, err := f.run()
		f.dieAt = 0
		expect(t, f, Held)
		if got := where(f); got != "[1-29-1] [1-29-1] [1-29-1]" || len(f.world.Trials) != 0 || !strings.Contains(f.ledger.Held.Message, "rejected the LDS") {
			t.Fatalf("killed after port call %d: %s, left are %v, held with %+v", n, got, f.world.Trials, f.ledger.Held)
		}
		if err == nil {
			return
		}
	}
}
