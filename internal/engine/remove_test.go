// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"slices"
	"strings"
	"testing"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/step"
)

func subjectOf(c step.Change) string {
	return mesh.Component{Kind: c.Kind, Namespace: c.Namespace, Name: c.Name}.String()
}

// owned is a mesh of which it is known what its control plane is made of.
func owned() mesh.World {
	w := meshOf()
	w.Webhooks = slices.DeleteFunc(w.Webhooks, func(h mesh.Webhook) bool { return h.Tag != "" })
	w.Namespaces[0].Labels = map[string]string{mesh.RevisionLabel: "1-29-1"}
	own := func(kind, namespace, name string) mesh.Component {
		return mesh.Component{Kind: kind, Namespace: namespace, Name: name, UID: kind + "-uid", Revision: "1-29-1", IstioComponent: "Pilot"}
	}
	w.Components = []mesh.Component{own("Deployment", "istio-system", "istiod-1-29-1"), own("MutatingWebhookConfiguration", "", "istio-sidecar-injector-1-29-1"),
		own("Service", "istio-system", "istiod-1-29-1"), own("ConfigMap", "istio-system", "istio-1-29-1")}
	w.Sort()
	return w
}

// removing is an upgrade that takes the old revision away at its end.
func removing() *fake {
	f := upgrade()
	f.world, f.ledger, f.intent.Remove = owned(), step.Ledger{}, true
	f.agreeAimed()
	return f
}

// agreeAimed agrees to what the intent and the ledger lead to.
func (f *fake) agreeAimed() {
	target, err := plan.ResolveTarget(f.world, f.intent, f.ledger)
	if err != nil {
		panic(err)
	}
	p := plan.Make(f.world, target, f.ledger)
	if f.ledger.Started.IsZero() {
		f.ledger = plan.NewLedger(p, f.now)
		return
	}
	f.ledger = plan.Approve(f.ledger, p, f.now)
}

func TestOldRevisionIsRemovedLast(t *testing.T) {
	t.Parallel()
	f := removing()
	if outcome, err := f.run(); err != nil || outcome != Completed {
		t.Fatal(outcome, err, f.ledger.Held)
	}
	var verbs []string
	for _, c := range f.writes {
		if c.Verb == step.Delete {
			verbs = append(verbs, subjectOf(c))
		} else if len(verbs) > 0 && c.Verb != step.SaveCopy {
			t.Errorf("%s %s %s comes after the removal began", c.Verb, c.Kind, c.Name)
		}
	}
	want := []string{"MutatingWebhookConfiguration istio-sidecar-injector-1-29-1", "Deployment istio-system/istiod-1-29-1",
		"Service istio-system/istiod-1-29-1", "ConfigMap istio-system/istio-1-29-1"}
	if !slices.Equal(verbs, want) {
		t.Errorf("taken away: %q", verbs)
	}
	if _, there := f.world.Revision("1-29-1"); there || len(f.world.SavedCopies) != len(want) {
		t.Errorf("1-29-1 is there: %t, %d objects are kept", there, len(f.world.SavedCopies))
	}
}

func TestNothingIsRemovedWithoutApproval(t *testing.T) {
	t.Parallel()
	f := removing()
	f.intent.Remove = false
	f.ledger = step.Ledger{}
	f.agreeAimed()
	if outcome, err := f.run(); err != nil || outcome != Completed || len(f.world.Components) != 4 {
		t.Error(outcome, err, f.world.Components)
	}
}

// Whatever holds on to the old revision holds the run by its name; once that is
// gone the same command goes on.
func TestRemainingReferenceHolds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		subject string
		sees    func(*mesh.World)
	}{
		{"a Job's pod", "Job x/report", func(w *mesh.World) {
			w.Workloads = append(w.Workloads, mesh.Workload{Kind: "Job", Namespace: "x", Name: "report",
				Pods: []mesh.Pod{{Name: "report-1", Running: true, Sidecar: mesh.Sidecar{Present: true, Revision: "1-29-1"}}}})
		}},
		{"a VM's entry", "WorkloadEntry vms/legacy", func(w *mesh.World) {
			w.Referrers = []mesh.Reference{{Subject: "WorkloadEntry vms/legacy", Value: "1-29-1", Through: "label"}}
		}},
		{"an entry, through a tag", "tag prod", func(w *mesh.World) { w.Tags = []mesh.Tag{{Name: "prod", Revision: "1-29-1"}} }},
		{"a namespace", "Namespace z", func(w *mesh.World) {
			w.Namespaces = append(w.Namespaces, mesh.Namespace{Name: "z", Labels: map[string]string{mesh.RevisionLabel: "1-29-1"}})
		}},
		{"a template", "Deployment x/idle", func(w *mesh.World) {
			w.Workloads = append(w.Workloads, mesh.Workload{Kind: mesh.Deployment, Namespace: "x", Name: "idle", Template: mesh.Template{Labels: map[string]string{mesh.RevisionLabel: "1-29-1"}}})
		}},
		{"a gateway", "Deployment istio-system/gw", func(w *mesh.World) {
			w.Components = append(slices.Clone(w.Components), mesh.Component{Kind: "Deployment", Namespace: "istio-system", Name: "gw", Revision: "1-29-1", IstioComponent: "IngressGateways", Shared: true})
		}},
		{"another's webhook", "MutatingWebhookConfiguration vault", func(w *mesh.World) {
			w.Webhooks = append(w.Webhooks, mesh.Webhook{Configuration: "vault", Service: "istio-system/istiod-1-29-1", Revision: "other", Namespaces: mesh.Selector{{Key: "x", Operator: mesh.Exists}}})
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := removing()
			f.sees = c.sees
			outcome, err := f.run()
			if err != nil || outcome != Held || f.ledger.Held.Subject != c.subject || f.ledger.Held.Reason != checkFailed || f.ledger.Held.Hint == "" {
				t.Fatalf("%v %v %+v", outcome, err, f.ledger.Held)
			}
			if len(f.world.Components) != 4 {
				t.Fatalf("something was taken away: %v", f.world.Components)
			}
			f.sees = nil
			if outcome, err := f.run(); err != nil || outcome != Completed || len(f.world.Components) != 0 {
				t.Errorf("once it is gone: %v %v %+v", outcome, err, f.ledger.Held)
			}
		})
	}
}

// Not knowing who is connected is no reason to go on, nor is a connection.
func TestUnknownConnectionsPreventRemoval(t *testing.T) {
	t.Parallel()
	moved := func(w *mesh.World) bool {
		_, ok := w.Revision("1-31-0")
		return ok && len(w.Proxies) == 12 && w.Proxies[11].Revision == "1-31-0"
	}
	for _, tc := range []struct {
		name string
		sees func(*mesh.World)
	}{
		{"istiod does not answer", func(w *mesh.World) {
			if r, _ := w.Revision("1-29-1"); moved(w) && len(w.SavedCopies) == 0 {
				w.Revisions[0].Istiods = []mesh.Istiod{{Pod: r.Istiods[0].Pod, NoAnswer: "connection refused"}}
			}
		}},
		{"a proxy is connected", func(w *mesh.World) {
			w.Proxies = append(w.Proxies, mesh.Proxy{Namespace: "vms", Pod: "legacy", Istiod: "istiod-1-29-1", Revision: "1-29-1"})
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			f := removing()
			f.sees = tc.sees
			outcome, err := f.run()
			if err != nil || outcome != Held || f.ledger.Held.Reason != timedOut || len(f.world.Components) != 4 {
				t.Fatalf("%v %v %+v", outcome, err, f.ledger.Held)
			}
		})
	}
}

// What was not agreed to, since it is new, holds the run.
func TestRecreatedObjectIsNotRemoved(t *testing.T) {
	t.Parallel()
	f := removing()
	f.sees = func(w *mesh.World) {
		w.Components = slices.Clone(w.Components)
		for i := range w.Components {
			w.Components[i].UID += "-anew"
		}
	}
	if outcome, err := f.run(); err != nil || outcome != Held || f.ledger.Held.Reason != planChanged {
		t.Errorf("%v %v %+v", outcome, err, f.ledger.Held)
	}
}

// Back after the removal, killed after any port call: the old revision comes back
// first, and then all is as it was.
func TestRollbackAfterRemovalDespiteCrashes(t *testing.T) {
	t.Parallel()
	whole := removing()
	if outcome, err := whole.run(); err != nil || outcome != Completed {
		t.Fatal(outcome, err)
	}
	calls := whole.calls
	for at := 1; at <= calls; at++ {
		f := removing()
		f.dieAt = at
		_, _ = f.run()
		f.dieAt = 0
		if outcome, err := f.run(); err != nil || outcome != Completed || len(f.world.Components) != 0 || len(f.world.SavedCopies) != 4 {
			t.Fatalf("killed after call %d: %v %v, left %v, kept %v", at, outcome, err, f.world.Components, f.world.SavedCopies)
		}
	}
	for at := calls - 40; at <= calls; at++ { // in the middle of the removal, and straight back
		f := removing()
		f.dieAt = at
		_, _ = f.run()
		f.dieAt, f.intent.Rollback = 0, true
		f.agreeAimed()
		if outcome, err := f.run(); err != nil || outcome != RolledBack || len(f.world.Components) != 4 {
			t.Fatalf("killed after call %d and rolled back: %v %v %+v, there is %v", at, outcome, err, f.ledger.Held, f.world.Components)
		}
	}
	for at := 1; ; at++ {
		f := removing()
		if _, err := f.run(); err != nil {
			t.Fatal(err)
		}
		f.intent.Rollback = true
		f.agreeAimed()
		f.calls, f.writes, f.dieAt = 0, nil, at
		_, _ = f.run()
		ended := f.calls < at
		f.dieAt = 0
		if outcome, err := f.run(); err != nil || outcome != RolledBack || f.writes[0].Verb != step.RestoreRevision {
			t.Fatalf("killed after call %d: %v %v %+v", at, outcome, err, f.writes)
		}
		for _, ns := range []string{"a", "b", "c"} {
			if on := f.on(ns); !slices.Equal(on, []string{"1-29-1"}) {
				t.Fatalf("killed after call %d: %s is on %v", at, ns, on)
			}
		}
		if ended {
			return
		}
	}
}

// A run that has ended, and is asked to take the old revision away later, has
// nothing else left to do.
func TestRemovalAfterACompletedRun(t *testing.T) {
	t.Parallel()
	f := removing()
	f.intent.Remove, f.ledger = false, step.Ledger{}
	f.agreeAimed()
	if _, err := f.run(); err != nil {
		t.Fatal(err)
	}
	f.intent.Remove, f.writes = true, nil
	f.agreeAimed()
	outcome, err := f.run()
	if err != nil || outcome != Completed || len(f.world.Components) != 0 {
		t.Fatal(outcome, err, f.ledger.Held)
	}
	for _, c := range f.writes {
		if c.Verb != step.SaveCopy && c.Verb != step.Delete {
			t.Errorf("%s %s %s", c.Verb, c.Kind, c.Name)
		}
	}
}

// What does not come back, or does not stay, holds the way back by name.
func TestMissingRestoredObjectHolds(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		breaks func(*fake)
	}{
		{"the write conflicts each time", func(f *fake) {
			f.cut = func(c step.Change) error {
				if c.Verb == step.RestoreRevision {
					return ErrConflict
				}
				return nil
			}
		}},
		{"another tool deletes it each time", func(f *fake) {
			f.sees = func(w *mesh.World) {
				w.Components = slices.DeleteFunc(slices.Clone(w.Components), func(b mesh.Component) bool { return b.Kind == "Service" })
			}
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			f := removing()
			expect(t, f, Completed)
			f.intent.Rollback = true
			f.agreeAimed()
			tc.breaks(f)
			f.dieAt = f.calls + 10_000
			expect(t, f, Held)
			h := f.ledger.Held
			if h.Reason != timedOut || h.Subject != "1-29-1" || !strings.Contains(h.Message, "Service istio-system/istiod-1-29-1") || h.Hint == "" {
				t.Fatalf("held with %+v", h)
			}
			f.cut, f.sees, f.dieAt = nil, nil, 0 // mended
			expect(t, f, RolledBack)
		})
	}
}
