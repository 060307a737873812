// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"slices"
	"testing"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/step"
)

func subjectOf(c step.Change) string {
	return mesh.Component{Kind: c.Kind, Namespace: c.Namespace, Name: c.Name}.String()
}

// meshWithComponents returns a mesh whose control plane has components.
func meshWithComponents() mesh.World {
	w := testMesh()
	w.Webhooks = slices.DeleteFunc(w.Webhooks, func(h mesh.Webhook) bool { return h.Tag != "" })
	w.Namespaces[0].Labels = map[string]string{mesh.RevisionLabel: "1-29-1"}
	own := func(kind, namespace, name string) mesh.Component {
		return mesh.Component{Kind: kind, Namespace: namespace, Name: name, UID: kind + "-uid", Revision: "1-29-1", IstioComponent: "Pilot"}
	}
	w.Components = []mesh.Component{own("Deployment", "istio-system", "istiod-1-29-1"),
		own("MutatingWebhookConfiguration", "", "istio-sidecar-injector-1-29-1"),
		own("Service", "istio-system", "istiod-1-29-1"), own("ConfigMap", "istio-system", "istio-1-29-1")}
	w.Sort()
	return w
}

// removalUpgrade returns an upgrade that removes the old revision at its end.
func removalUpgrade() *fake {
	f := newUpgrade()
	f.world, f.ledger, f.intent.Remove = meshWithComponents(), step.Ledger{}, true
	f.approveTarget()
	return f
}

// approveTarget approves the plan for the target that the intent and the ledger resolve to.
func (f *fake) approveTarget() {
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
	f := removalUpgrade()
	if outcome, err := f.run(); err != nil || outcome != Completed {
		t.Fatal(outcome, err, f.ledger.Held)
	}
	var verbs []string
	for _, c := range f.writes {
		if c.Verb == step.Delete {
			verbs = append(verbs, subjectOf(c))
		} else if len(verbs) > 0 && c.Verb != step.SaveCopy {
			t.Errorf("got %s %s %s after the removal began", c.Verb, c.Kind, c.Name)
		}
	}
	want := []string{"MutatingWebhookConfiguration istio-sidecar-injector-1-29-1", "Deployment istio-system/istiod-1-29-1",
		"Service istio-system/istiod-1-29-1", "ConfigMap istio-system/istio-1-29-1"}
	if !slices.Equal(verbs, want) {
		t.Errorf("got deletions %q, want %q", verbs, want)
	}
	if _, there := f.world.Revision("1-29-1"); there || len(f.world.SavedCopies) != len(want) {
		t.Errorf("got revision 1-29-1 %t and %d saved copies, want it gone and %d copies", there, len(f.world.SavedCopies), len(want))
	}
}

func TestNothingIsRemovedWithoutApproval(t *testing.T) {
	t.Parallel()
	f := removalUpgrade()
	f.intent.Remove = false
	f.ledger = step.Ledger{}
	f.approveTarget()
	if outcome, err := f.run(); err != nil || outcome != Completed || len(f.world.Components) != 4 {
		t.Error(outcome, err, f.world.Components)
	}
}

// What still uses the old revision holds the run by its name. Once that is gone the
// same command continues.
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
			w.References = []mesh.Reference{{Subject: "WorkloadEntry vms/legacy", Value: "1-29-1", Through: "label"}}
		}},
		{"an entry, through a tag", "tag prod", func(w *mesh.World) { w.Tags = []mesh.Tag{{Name: "prod", Revision: "1-29-1"}} }},
		{"a namespace", "Namespace z", func(w *mesh.World) {
			w.Namespaces = append(w.Namespaces, mesh.Namespace{Name: "z", Labels: map[string]string{mesh.RevisionLabel: "1-29-1"}})
		}},
		{"a template", "Deployment x/idle", func(w *mesh.World) {
			w.Workloads = append(w.Workloads, mesh.Workload{Kind: mesh.Deployment, Namespace: "x", Name: "idle",
				Template: mesh.Template{Labels: map[string]string{mesh.RevisionLabel: "1-29-1"}}})
		}},
		{"a gateway", "Deployment istio-system/gw", func(w *mesh.World) {
			w.Components = append(slices.Clone(w.Components), mesh.Component{Kind: "Deployment", Namespace: "istio-system", Name: "gw",
				Revision: "1-29-1", IstioComponent: "IngressGateways", Shared: true})
		}},
		{"another's webhook", "MutatingWebhookConfiguration vault", func(w *mesh.World) {
			w.References = []mesh.Reference{{Subject: "MutatingWebhookConfiguration vault", Revision: "1-29-1", Webhooks: []int{0}}}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := removalUpgrade()
			f.onObserve = c.sees
			outcome, err := f.run()
			if err != nil || outcome != Held {
				t.Fatalf("got %v, %v, want %v", outcome, err, Held)
			}
			wantHold(t, f, step.Hold{Reason: step.ReasonCheckFailed, Subject: c.subject})
			if len(f.world.Components) != 4 {
				t.Fatalf("got components %v, want none removed", f.world.Components)
			}
			f.onObserve = nil
			if outcome, err := f.run(); err != nil || outcome != Completed || len(f.world.Components) != 0 {
				t.Errorf("without the reference: got %v, %v, %+v, want the removal", outcome, err, f.ledger.Held)
			}
		})
	}
}

// The removal waits while connections are unknown or exist.
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
			f := removalUpgrade()
			f.onObserve = tc.sees
			outcome, err := f.run()
			if err != nil || outcome != Held || f.ledger.Held.Reason != step.ReasonTimedOut || len(f.world.Components) != 4 {
				t.Fatalf("%v %v %+v", outcome, err, f.ledger.Held)
			}
		})
	}
}

// An object that was re-created after the approval holds the run.
func TestRecreatedObjectIsNotRemoved(t *testing.T) {
	t.Parallel()
	f := removalUpgrade()
	f.onObserve = func(w *mesh.World) {
		w.Components = slices.Clone(w.Components)
		for i := range w.Components {
			w.Components[i].UID += "-new"
		}
	}
	if outcome, err := f.run(); err != nil || outcome != Held || f.ledger.Held.Reason != step.ReasonPlanChanged {
		t.Errorf("%v %v %+v", outcome, err, f.ledger.Held)
	}
}

// A rollback after the removal restores the old revision first, despite a crash at any
// call.
func TestRollbackAfterRemovalDespiteCrashes(t *testing.T) {
	t.Parallel()
	uninterrupted := removalUpgrade()
	if outcome, err := uninterrupted.run(); err != nil || outcome != Completed {
		t.Fatal(outcome, err)
	}
	calls := uninterrupted.calls
	for at := 1; at <= calls; at++ {
		f := removalUpgrade()
		f.crashAt = at
		_, _ = f.run()
		f.crashAt = 0
		if outcome, err := f.run(); err != nil || outcome != Completed || len(f.world.Components) != 0 || len(f.world.SavedCopies) != 4 {
			t.Fatalf("crash at call %d: got %v, %v, components %v, saved copies %v", at, outcome, err, f.world.Components, f.world.SavedCopies)
		}
	}
	for at := calls - 40; at <= calls; at++ { // during the removal, with a rollback right after
		f := removalUpgrade()
		f.crashAt = at
		_, _ = f.run()
		f.crashAt, f.intent.Rollback = 0, true
		f.approveTarget()
		if outcome, err := f.run(); err != nil || outcome != RolledBack || len(f.world.Components) != 4 {
			t.Fatalf("crash at call %d, rolled back: got %v, %v, %+v, components %v", at, outcome, err, f.ledger.Held, f.world.Components)
		}
	}
	for at := 1; ; at++ {
		f := removalUpgrade()
		if _, err := f.run(); err != nil {
			t.Fatal(err)
		}
		f.intent.Rollback = true
		f.approveTarget()
		f.calls, f.writes, f.crashAt = 0, nil, at
		_, _ = f.run()
		ended := f.calls < at
		f.crashAt = 0
		if outcome, err := f.run(); err != nil || outcome != RolledBack || f.writes[0].Verb != step.RestoreRevision {
			t.Fatalf("crash at call %d: got %v, %v, writes %+v", at, outcome, err, f.writes)
		}
		for _, ns := range []string{"a", "b", "c"} {
			if on := f.sidecarsIn(ns); !slices.Equal(on, []string{"1-29-1"}) {
				t.Fatalf("crash at call %d: got namespace %s on %v, want 1-29-1", at, ns, on)
			}
		}
		if ended {
			return
		}
	}
}

// A completed run that is asked to remove the old revision later does nothing else.
func TestRemovalAfterACompletedRun(t *testing.T) {
	t.Parallel()
	f := removalUpgrade()
	f.intent.Remove, f.ledger = false, step.Ledger{}
	f.approveTarget()
	if _, err := f.run(); err != nil {
		t.Fatal(err)
	}
	f.intent.Remove, f.writes = true, nil
	f.approveTarget()
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

// An object that cannot be restored holds the rollback by name.
func TestMissingRestoredObjectHolds(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		breaks func(*fake)
	}{
		{"the write conflicts each time", func(f *fake) {
			f.beforeWrite = func(c step.Change) error {
				if c.Verb == step.RestoreRevision {
					return ErrConflict
				}
				return nil
			}
		}},
		{"another tool deletes it each time", func(f *fake) {
			f.onObserve = func(w *mesh.World) {
				w.Components = slices.DeleteFunc(slices.Clone(w.Components), func(b mesh.Component) bool { return b.Kind == "Service" })
			}
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			f := removalUpgrade()
			expect(t, f, Completed)
			f.intent.Rollback = true
			f.approveTarget()
			tc.breaks(f)
			f.crashAt = f.calls + 10_000
			expect(t, f, Held)
			wantHold(t, f, step.Hold{Reason: step.ReasonTimedOut, Subject: "1-29-1", Message: "Service istio-system/istiod-1-29-1"})
			f.beforeWrite, f.onObserve, f.crashAt = nil, nil, 0
			expect(t, f, RolledBack)
		})
	}
}
