// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rerig/rerig/internal/mesh"
)

// owned is start, and what its control plane is made of: a gateway's and a tag's
// objects bear the revision too.
func owned() mesh.World {
	w := start()
	for _, b := range []mesh.Belonging{
		{Kind: "Deployment", Namespace: "istio-system", Name: "istiod-1-29-1"}, {Kind: "Service", Namespace: "istio-system", Name: "istiod-1-29-1"},
		{Kind: "MutatingWebhookConfiguration", Name: "istio-sidecar-injector-1-29-1"},
		{Kind: "MutatingWebhookConfiguration", Name: "istio-revision-tag-default", Shared: true},
		{Kind: "Deployment", Namespace: "istio-system", Name: "istio-ingressgateway", Shared: true}} {
		b.Revision, b.Component, b.UID = "1-29-1", "Pilot", b.Kind+"-uid"
		w.Belongings = append(w.Belongings, b)
	}
	w.Sort()
	return w
}

// carried carries a plan out, stage by stage.
func carried(t *testing.T, w mesh.World, in Intent, l Ledger) (mesh.World, Ledger, []Step) {
	t.Helper()
	var all []Step
	for range 200 {
		target, err := Aim(w, in, l)
		if err != nil {
			t.Fatal(err)
		}
		if l.Started.IsZero() {
			l = Opened(Make(w, target, l), noon)
		}
		stages := Steps(w, target, l)
		if len(stages) == 0 {
			return w, l, all
		}
		for _, s := range stages[0].Steps {
			if s.Kind.Changes() && target.Rank(s.Wave, s.Kind) < l.Reached {
				t.Errorf("%s returns to an earlier rank", s)
			}
			l.Reached = max(l.Reached, target.Rank(s.Wave, s.Kind))
			w, l = After(w, target, l, s, noon)
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
	w, l, steps := carried(t, owned(), in, Ledger{})
	var gone []string
	for i, s := range steps {
		if s.Kind == Remove {
			gone = append(gone, s.Subject)
		}
		if s.Kind == Soak && len(gone) > 0 || s.Kind == Try && len(gone) != 3 || s.Kind == Restart && i > 0 && steps[i-1].Kind == Remove {
			t.Errorf("%s comes with %d objects gone", s, len(gone))
		}
	}
	want := []string{"MutatingWebhookConfiguration istio-sidecar-injector-1-29-1", "Deployment istio-system/istiod-1-29-1", "Service istio-system/istiod-1-29-1"}
	if diff := cmp.Diff(want, gone); diff != "" {
		t.Errorf("taken away (-want +got):\n%s", diff)
	}
	if len(w.Belongings) != 2 || steps[len(steps)-1].Kind != Try {
		t.Errorf("left: %v; last: %s", w.Belongings, steps[len(steps)-1])
	}
	for _, s := range Changing([]Stage{{Kind: Remove, Steps: steps}}) {
		if s.Kind == Remove && !slices.Contains(l.Approved, s) {
			t.Errorf("%s was not part of what was agreed to", s)
		}
	}
	in.Remove = false
	if _, _, steps := carried(t, owned(), in, Ledger{}); slices.ContainsFunc(steps, func(s Step) bool { return s.Kind == Remove || s.Kind == Try }) {
		t.Error("it was not asked for")
	}
}

// The way back installs first what was taken away, and ends where all began.
func TestBackInstallsWhatWasTakenAway(t *testing.T) {
	in := intent()
	in.Remove = true
	w, l, _ := carried(t, owned(), in, Ledger{})
	in.Rollback, l.Reached = true, 0
	w, _, steps := carried(t, w, in, l)
	if s := steps[0]; s.Kind != Install || s.Subject != "1-29-1" || s.To != "1.29.1" {
		t.Errorf("it begins with %s", s)
	}
	if len(w.Own("1-29-1")) != 3 {
		t.Errorf("of it there is %v", w.Own("1-29-1"))
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
	w.Belongings = append(w.Belongings, mesh.Belonging{Kind: "Secret", Namespace: "istio-system", Name: "sh.helm.release.v1.default-istiod.v7", UID: "secret", Revision: "1-29-1", Component: "HelmRelease"})
	w.Sort()
	for i := range w.Belongings {
		w.Belongings[i].Hands = "the Sail operator"
	}
	steps := removals(w, Target{Remove: []string{"1-29-1"}})
	if len(steps) != 1 || steps[0].By != "the Sail operator" || steps[0].Subject != "revision 1-29-1" {
		t.Fatal(steps)
	}
	if _, err := Render(steps[0], Target{}, noon); err == nil {
		t.Error("it is rendered")
	}
}

// Where its pods' own labels alone bind what is moved, the old revision is known
// all the same, and goes once the run is through.
func TestOldRevisionOfPodsOwnLabels(t *testing.T) {
	w, in := sixWays(), intent()
	in.Waves, in.Remove = [][]string{{"own"}}, true
	target, err := Aim(w, in, Ledger{})
	if err != nil {
		t.Fatal(err)
	}
	l := Opened(Make(w, target, Ledger{}), noon)
	for _, at := range []Ledger{{}, l} {
		if olds := Olds(w, in, at, target); !slices.Equal(olds, []string{"1-29-1"}) {
			t.Errorf("begun %t: it takes over from %q", !at.Started.IsZero(), olds)
		}
	}
	if target, err = Aim(w, in, l); err != nil || !slices.Equal(target.Remove, []string{"1-29-1"}) {
		t.Errorf("taken away is %q, %v", target.Remove, err)
	}
}

// What would hold a removal is named before anything is moved.
func TestHoldersAreNamedBeforehand(t *testing.T) {
	w := owned()
	w.Revisions[0].Wanted, w.Revisions[0].Istiods = 0, nil
	w.Claims = []mesh.Claim{{Subject: "EnvoyFilter a/lua", Value: "1-29-1", By: "label istio.io/rev=1-29-1"}}
	subjects := map[string]bool{}
	for _, n := range holdingOn(w, Target{Remove: []string{"1-29-1"}}) {
		subjects[n.Subject] = true
	}
	for _, want := range []string{"revision 1-29-1", "EnvoyFilter a/lua", "Deployment istio-system/istio-ingressgateway"} {
		if !subjects[want] {
			t.Errorf("%s is not named: %v", want, subjects)
		}
	}
}
