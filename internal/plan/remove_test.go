// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/removal"
	"github.com/rerig/rerig/internal/step"
)

// owned is start, and what its control plane is made of: a gateway's and a tag's
// objects bear the revision too.
func owned() mesh.World {
	w := start()
	for _, b := range []mesh.Component{
		{
			Kind:      "Deployment",
			Namespace: "istio-system",
			Name:      "istiod-1-29-1",
		}, {Kind: "Service", Namespace: "istio-system", Name: "istiod-1-29-1"},
		{Kind: "MutatingWebhookConfiguration", Name: "istio-sidecar-injector-1-29-1"},
		{Kind: "MutatingWebhookConfiguration", Name: "istio-revision-tag-default", Shared: true},
		{Kind: "Deployment", Namespace: "istio-system", Name: "istio-ingressgateway", Shared: true}} {
		b.Revision, b.IstioComponent, b.UID = "1-29-1", "Pilot", b.Kind+"-uid"
		w.Components = append(w.Components, b)
	}
	w.Sort()
	return w
}

// carried carries a plan out, stage by stage.
func carried(t *testing.T, w mesh.World, in step.Intent, l step.Ledger) (mesh.World, step.Ledger, []step.Step) {
	t.Helper()
	var all []step.Step
	for range 200 {
		target, err := ResolveTarget(w, in, l)
		if err != nil {
			t.Fatal(err)
		}
		if l.Started.IsZero() {
			l = NewLedger(Make(w, target, l), noon)
		}
		stages := Steps(w, target, l)
		if len(stages) == 0 {
			return w, l, all
		}
		for _, s := range stages[0].Steps {
			if s.Kind.Changes() && RankOf(target, s.Wave, s.Kind) < l.Reached {
				t.Errorf("%s returns to an earlier rank", s)
			}
			l.Reached = max(l.Reached, RankOf(target, s.Wave, s.Kind))
			w, l = Simulate(w, target, l, s, noon)
			all = append(all, s)
		}
	}
	t.Fatal("it has no end")
	return w, l, all
}

// A removal is asked for, is last, lists every object, and no shared one.
func TestRemovalIsLastAndListed(t *testing.T) {
	in := intent()
	in.Remove = true
	w, l, steps := carried(t, owned(), in, step.Ledger{})
	var gone []string
	for i, s := range steps {
		if s.Kind == step.Remove {
			gone = append(gone, string(s.Subject))
		}
		if s.Kind == step.Soak && len(gone) > 0 || s.Kind == step.DryRun && len(gone) != 3 || s.Kind == step.Restart && i > 0 &&
			steps[i-1].Kind == step.Remove {
			t.Errorf("%s comes with %d objects gone", s, len(gone))
		}
	}
	want := []string{
		"MutatingWebhookConfiguration istio-sidecar-injector-1-29-1",
		"Deployment istio-system/istiod-1-29-1",
		"Service istio-system/istiod-1-29-1",
	}
	if diff := cmp.Diff(want, gone); diff != "" {
		t.Errorf("taken away (-want +got):\n%s", diff)
	}
	if len(w.Components) != 2 || steps[len(steps)-1].Kind != step.DryRun {
		t.Errorf("left: %v; last: %s", w.Components, steps[len(steps)-1])
	}
	for _, s := range step.Changing([]step.Stage{{Kind: step.Remove, Steps: steps}}) {
		if s.Kind == step.Remove && !slices.Contains(l.Approved, s) {
			t.Errorf("%s was not part of what was agreed to", s)
		}
	}
	in.Remove = false
	if _, _, steps := carried(t, owned(), in, step.Ledger{}); slices.ContainsFunc(
		steps,
		func(s step.Step) bool { return s.Kind == step.Remove || s.Kind == step.DryRun },
	) {
		t.Error("it was not asked for")
	}
}

// The way back installs first what was taken away, and ends where all began.
func TestBackInstallsWhatWasTakenAway(t *testing.T) {
	in := intent()
	in.Remove = true
	w, l, _ := carried(t, owned(), in, step.Ledger{})
	in.Rollback, l.Reached = true, 0
	w, _, steps := carried(t, w, in, l)
	if s := steps[0]; s.Kind != step.Install || s.Subject != "1-29-1" || s.To != "1.29.1" {
		t.Errorf("it begins with %s", s)
	}
	if len(w.ComponentsOf("1-29-1")) != 3 {
		t.Errorf("of it there is %v", w.ComponentsOf("1-29-1"))
	}
	for _, ns := range []string{"a", "b", "c", "d"} {
		was, _ := owned().Namespace(ns)
		is, _ := w.Namespace(ns)
		if diff := cmp.Diff(was, is); diff != "" {
			t.Error(diff)
		}
	}
}

// What another keeps is one step, that nobody renders into writes.
func TestOthersRemoveTheirOwn(t *testing.T) {
	w := owned()
	w.Components = append(
		w.Components,
		mesh.Component{
			Kind:           "Secret",
			Namespace:      "istio-system",
			Name:           "sh.helm.release.v1.default-istiod.v7",
			UID:            "secret",
			Revision:       "1-29-1",
			IstioComponent: "HelmRelease",
		},
	)
	w.Sort()
	for i := range w.Components {
		w.Components[i].ManagedBy = "the Sail operator"
	}
	steps := removal.Steps(w, step.Target{Remove: []string{"1-29-1"}})
	if len(steps) != 1 || steps[0].By != "the Sail operator" || steps[0].Subject != "revision 1-29-1" {
		t.Fatal(steps)
	}
	if _, err := Render(steps[0], step.Target{}, noon); err == nil {
		t.Error("it is rendered")
	}
}

// Where its pods' own labels alone bind what is moved, the old revision is known
// all the same, and goes once the run is through.
func TestOldRevisionOfPodsOwnLabels(t *testing.T) {
	w, in := sixWays(), intent()
	in.Waves, in.Remove = [][]string{{"own"}}, true
	target, err := ResolveTarget(w, in, step.Ledger{})
	if err != nil {
		t.Fatal(err)
	}
	l := NewLedger(Make(w, target, step.Ledger{}), noon)
	for _, at := range []step.Ledger{{}, l} {
		if olds := OldRevisions(w, in, at, target); !slices.Equal(olds, []string{"1-29-1"}) {
			t.Errorf("begun %t: it takes over from %q", !at.Started.IsZero(), olds)
		}
	}
	if target, err = ResolveTarget(w, in, l); err != nil || !slices.Equal(target.Remove, []string{"1-29-1"}) {
		t.Errorf("taken away is %q, %v", target.Remove, err)
	}
}

// What would hold a removal is named before anything is moved.
func TestHoldersAreNamedBeforehand(t *testing.T) {
	w := owned()
	w.Revisions[0].Replicas, w.Revisions[0].Istiods = 0, nil
	w.Referrers = []mesh.Reference{{Subject: "EnvoyFilter a/lua", Value: "1-29-1", Through: "label istio.io/rev=1-29-1"}}
	subjects := map[string]bool{}
	for _, n := range removal.ReferenceNotes(w, step.Target{Remove: []string{"1-29-1"}}) {
		subjects[n.Subject] = true
	}
	for _, want := range []string{"revision 1-29-1", "EnvoyFilter a/lua", "Deployment istio-system/istio-ingressgateway"} {
		if !subjects[want] {
			t.Errorf("%s is not named: %v", want, subjects)
		}
	}
}
