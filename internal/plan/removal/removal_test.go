// SPDX-License-Identifier: Apache-2.0

package removal_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/plan/plantest"
	"github.com/rerig/rerig/internal/plan/removal"
	"github.com/rerig/rerig/internal/step"
)

// worldWithComponents returns World with the objects of its control plane. Objects of a gateway
// and of a tag have the revision's label too.
func worldWithComponents() mesh.World {
	w := plantest.World()
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

// runToEnd does all steps of a run, stage by stage.
func runToEnd(t *testing.T, w mesh.World, in step.Intent, l step.Ledger) (mesh.World, step.Ledger, []step.Step) {
	t.Helper()
	var all []step.Step
	for range 200 {
		target, err := plan.ResolveTarget(w, in, l)
		if err != nil {
			t.Fatal(err)
		}
		if l.Started.IsZero() {
			l = plan.NewLedger(plan.Make(w, target, l), plantest.Noon)
		}
		stages := plan.Steps(w, target, l)
		if len(stages) == 0 {
			return w, l, all
		}
		for _, s := range stages[0].Steps {
			if s.Kind.Changes() && plan.RankOf(target, s.Wave, s.Kind) < l.Reached {
				t.Errorf("got step %s after a later rank", s)
			}
			l.Reached = max(l.Reached, plan.RankOf(target, s.Wave, s.Kind))
			w, l = plan.Simulate(w, target, l, s, plantest.Noon)
			all = append(all, s)
		}
	}
	t.Fatal("after 200 stages: got more steps, want an end")
	return w, l, all
}

// A removal is last and lists every object except shared ones.
func TestRemovalIsLastAndListed(t *testing.T) {
	in := plantest.Intent()
	in.Remove = true
	w, l, steps := runToEnd(t, worldWithComponents(), in, step.Ledger{})
	var removed []string
	for i, s := range steps {
		if s.Kind == step.Remove {
			removed = append(removed, string(s.Subject))
		}
		if s.Kind == step.Soak && len(removed) > 0 || s.Kind == step.DryRun && len(removed) != 3 || s.Kind == step.Restart && i > 0 &&
			steps[i-1].Kind == step.Remove {
			t.Errorf("at %s: got %d objects removed", s, len(removed))
		}
	}
	want := []string{
		"MutatingWebhookConfiguration istio-sidecar-injector-1-29-1",
		"Deployment istio-system/istiod-1-29-1",
		"Service istio-system/istiod-1-29-1",
	}
	if diff := cmp.Diff(want, removed); diff != "" {
		t.Errorf("removed objects (-want +got):\n%s", diff)
	}
	if len(w.Components) != 2 || steps[len(steps)-1].Kind != step.DryRun {
		t.Errorf("got components %v and last step %s, want 2 and a dry run", w.Components, steps[len(steps)-1])
	}
	for _, s := range step.Changing([]step.Stage{{Kind: step.Remove, Steps: steps}}) {
		if s.Kind == step.Remove && !slices.Contains(l.Approved, s) {
			t.Errorf("got step %s, want only approved ones", s)
		}
	}
	in.Remove = false
	if _, _, steps := runToEnd(t, worldWithComponents(), in, step.Ledger{}); slices.ContainsFunc(
		steps,
		func(s step.Step) bool { return s.Kind == step.Remove || s.Kind == step.DryRun },
	) {
		t.Error("without a request: got a removal, want none")
	}
}

// Nothing is moved again by a removal that is asked for after the end of a run.
func TestLaterRemovalMovesNothing(t *testing.T) {
	for _, tc := range []struct {
		name   string
		intent step.Intent
	}{{name: "selected namespaces", intent: plantest.Intent()}, {name: "all namespaces", intent: plantest.IntentForAll()}} {
		t.Run(tc.name, func(t *testing.T) {
			w, l, _ := runToEnd(t, worldWithComponents(), tc.intent, step.Ledger{})
			tc.intent.Remove = true
			target, err := plan.ResolveTarget(w, tc.intent, l)
			if err != nil {
				t.Fatal(err)
			}
			steps := step.Flat(plan.Make(w, target, l).Stages)
			if !slices.ContainsFunc(steps, func(s step.Step) bool { return s.Kind == step.Remove }) {
				t.Errorf("got steps %v, want a removal among them", steps)
			}
			for _, s := range steps {
				if s.Kind != step.Remove && s.Kind != step.DryRun {
					t.Errorf("got step %s, want only the removal and its dry runs", s)
				}
			}
		})
	}
}

// A rollback first installs the removed revision, and ends at the baseline.
func TestRollbackInstallsRemovedRevision(t *testing.T) {
	in := plantest.Intent()
	in.Remove = true
	w, l, _ := runToEnd(t, worldWithComponents(), in, step.Ledger{})
	in.Rollback, l.Reached = true, 0
	w, _, steps := runToEnd(t, w, in, l)
	if s := steps[0]; s.Kind != step.Install || s.Subject != "1-29-1" || s.To != "1.29.1" {
		t.Errorf("first step: got %s, want an install of 1-29-1", s)
	}
	if len(w.ComponentsOf("1-29-1")) != 3 {
		t.Errorf("components: got %v, want 3", w.ComponentsOf("1-29-1"))
	}
	for _, ns := range []string{"a", "b", "c", "d"} {
		before, _ := worldWithComponents().Namespace(ns)
		after, _ := w.Namespace(ns)
		if diff := cmp.Diff(before, after); diff != "" {
			t.Errorf("namespace %s (-before +after):\n%s", ns, diff)
		}
	}
}

// The removal by another tool is one step, without writes of ours.
func TestManagedComponentsAreOneStep(t *testing.T) {
	w := worldWithComponents()
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
		t.Fatalf("steps: got %v, want one by the Sail operator", steps)
	}
	if _, err := plan.Render(steps[0], step.Target{}, plantest.Noon); err == nil {
		t.Error("rendering the step: got changes, want an error")
	}
}

// The old revision is known from template labels alone, and is removed at the end.
func TestOldRevisionOfTemplateLabels(t *testing.T) {
	w, in := plantest.WorldOfAllBindings(), plantest.Intent()
	in.Waves, in.Remove = [][]string{{"own"}}, true
	target, err := plan.ResolveTarget(w, in, step.Ledger{})
	if err != nil {
		t.Fatal(err)
	}
	l := plantest.NewLedger(w, target)
	for _, at := range []step.Ledger{{}, l} {
		if revisions := plan.OldRevisions(w, in, at, target); !slices.Equal(revisions, []string{"1-29-1"}) {
			t.Errorf("old revisions, begun %t: got %q, want 1-29-1", !at.Started.IsZero(), revisions)
		}
	}
	if target, err = plan.ResolveTarget(w, in, l); err != nil || !slices.Equal(target.Remove, []string{"1-29-1"}) {
		t.Errorf("got %q to remove, %v, want 1-29-1", target.Remove, err)
	}
}

// References that would prevent a removal are named before anything moves.
func TestReferencesAreNamedBeforehand(t *testing.T) {
	w := worldWithComponents()
	w.Revisions[0].Replicas, w.Revisions[0].Istiods = 0, nil
	w.References = []mesh.Reference{
		{Subject: "EnvoyFilter a/lua", Value: "1-29-1", Through: "label istio.io/rev=1-29-1"},
		{Subject: "ValidatingWebhookConfiguration stable", Revision: "1-29-1", Webhooks: []int{1}},
		{Subject: "ValidatingWebhookConfiguration moved", Revision: "1-29-1", Tag: "prod", Webhooks: []int{0}},
	}
	remedies := map[string]string{}
	target := step.Target{Revision: "1-31-0", Remove: []string{"1-29-1"}, Tags: map[string]string{"prod": "1-31-0"}}
	for _, n := range removal.ReferenceNotes(w, target) {
		remedies[n.Subject] = n.Remedy
	}
	for subject, want := range map[string]string{
		"revision 1-29-1": "", "EnvoyFilter a/lua": "", "Deployment istio-system/istio-ingressgateway": "",
		"ValidatingWebhookConfiguration stable": `"path":"/webhooks/1/clientConfig/service/name","value":"istiod-1-31-0"`,
	} {
		if got, named := remedies[subject]; !named || (want == "") != (got == "") || !strings.Contains(got, want) {
			t.Errorf("%s: named %t, remedy %q, want %q", subject, named, got, want)
		}
	}
	if _, named := remedies["ValidatingWebhookConfiguration moved"]; named {
		t.Error("a caller of a tag that moves is named")
	}
}
