// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/baseline"
	"github.com/rerig/rerig/internal/plan/binding"
	"github.com/rerig/rerig/internal/plan/strategy"
	"github.com/rerig/rerig/internal/step"
)

// sixWays is a mesh that is bound in every way at once: by istio-injection, by
// the revision, by a tag, by the default's own tag, by default, and by the pods'
// own labels, through a revision, a tag and the default. In each namespace but
// those that labels bind is something that has no sidecar, too.
func sixWays() mesh.World {
	w := start()
	w.Webhooks = append(w.Webhooks, mesh.Webhook{Configuration: "istio-revision-tag-default", Name: "auto", Revision: "1-29-1", Tag: "default", Roots: []string{"root"},
		Namespaces: mesh.Selector{
			{Key: mesh.RevisionLabel, Operator: mesh.DoesNotExist},
			{Key: mesh.InjectionLabel, Operator: mesh.DoesNotExist},
			{Key: "auto", Operator: mesh.Exists},
		},
		Objects: mesh.Selector{{Key: mesh.SidecarLabel, Operator: mesh.DoesNotExist}, {Key: mesh.RevisionLabel, Operator: mesh.DoesNotExist}}})
	w.Validator = mesh.Validator{Configuration: "istiod-default-validator", Revision: "1-29-1"}
	for i := range w.Tags {
		w.Tags[i].Service = "1-29-1"
	}
	w.Namespaces = append(w.Namespaces,
		mesh.Namespace{Name: "auto", Labels: map[string]string{"auto": "yes"}},
		mesh.Namespace{Name: "default-tag", Labels: map[string]string{mesh.RevisionLabel: "default"}},
		mesh.Namespace{Name: "own", Labels: map[string]string{}})
	w.Workloads = append(w.Workloads, workload(mesh.Deployment, "auto", "by-default", 2), workload(mesh.Deployment, "default-tag", "web", 1))
	for name, labels := range map[string]map[string]string{"by-revision": {mesh.RevisionLabel: "1-29-1"}, "by-tag": {mesh.RevisionLabel: "prod"},
		"by-inject": {mesh.SidecarLabel: "true"}, "off": {mesh.RevisionLabel: "1-29-1", mesh.SidecarLabel: "false"}, "bare": nil} {
		wl := workload(mesh.Deployment, "own", name, 2)
		wl.Template.Labels = labels
		if name == "off" || name == "bare" {
			for i := range wl.Pods {
				wl.Pods[i].Sidecar = mesh.Sidecar{}
			}
		}
		w.Workloads = append(w.Workloads, wl)
	}
	w.Sort()
	return w
}

func allOf() step.Intent {
	return step.Intent{Run: "to-1-31-0", Revision: "1-31-0", Version: "1.31.0", Installable: true, WaveCount: 3}
}

// Whatever bound it, each workload changes its revision in its own wave and not
// before, what had no sidecar keeps none, tags and labels end as they should, and
// the way back from every point restores everything.
func TestEveryBindingIsMovedInItsWaveAndComesBack(t *testing.T) {
	w0 := sixWays()
	target := forward(t, w0, allOf(), step.Ledger{})
	plan := Make(w0, target, step.Ledger{})
	wave := map[string]int{}
	for _, g := range target.Waves {
		for _, ns := range g.Namespaces {
			wave[ns] = g.Number
		}
	}
	if len(wave) != 7 {
		t.Fatalf("selected %v", target.Waves)
	}
	r := rand.New(rand.NewPCG(1, 1))
	end, l, _ := carry(t, w0, target, NewLedger(plan, noon), -1, r.IntN, func(w mesh.World, l step.Ledger, left []step.Stage, s step.Step) {
		if strange := Drift(left, target, l); strange != nil {
			t.Fatalf("undisturbed, and yet drift: %v", strange)
		}
		for _, wl := range w.Workloads {
			ns, _ := w.Namespace(wl.Namespace)
			if by := w.Injectors(ns, s.TemplateAfter(wl.Template)); len(by) > 1 {
				t.Fatalf("at %s two would inject %s: %v", s, wl.Ref(), by)
			}
			if got := wl.Sidecars(); wave[wl.Namespace] > max(s.Wave, 1) && s.Wave > 0 && slices.Contains(got, "1-31-0") {
				t.Fatalf("at %s, %s of wave %d is on %v", s, wl.Ref(), wave[wl.Namespace], got)
			}
		}
	})
	for _, wl := range end.Workloads {
		want := "1-31-0"
		switch {
		case wl.Gateway:
			want = "1-29-1"
		case wl.Name == "off", wl.Name == "bare":
			want = ""
		}
		if got := wl.Sidecars(); !slices.Equal(got, []string{want}) {
			t.Errorf("%s ends on %q, not on %q", wl.Ref(), got, want)
		}
	}
	for name, want := range map[string]string{
		"a":           "istio-injection=enabled",
		"b":           "istio.io/rev=1-31-0",
		"c":           "istio.io/rev=prod",
		"default-tag": "istio.io/rev=default",
		"auto":        "(none)",
		"own":         "(none)",
	} {
		if ns, _ := end.Namespace(name); ns.Binding().String() != want {
			t.Errorf("namespace %s ends with %s, not with %s", name, ns.Binding(), want)
		}
	}
	for _, tag := range []string{"default", "prod"} {
		if at := end.TagRevisions(tag); !slices.Equal(at, []string{"1-31-0"}) {
			t.Errorf("tag %s ends at %v", tag, at)
		}
	}
	if left := Steps(end, target, l); left != nil {
		t.Errorf("at the end there is left: %v", left)
	}
	for k := range len(step.Flat(plan.Stages)) + 1 {
		w, l, _ := carry(t, w0, target, NewLedger(plan, noon), k, first, nil)
		back := RollbackTarget(allOf(), l, 0)
		l = Approve(l, Make(w, back, l), noon)
		moved := map[string]bool{}
		end, _, _ := carry(t, w, back, l, -1, first, func(w mesh.World, l step.Ledger, left []step.Stage, s step.Step) {
			if strange := Drift(left, back, l); strange != nil {
				t.Fatalf("point %d: rollback drifts from its own plan at %s: %v", k, s, strange)
			}
			if s.Kind == step.Restart {
				moved[string(s.Subject)] = true
			}
		})
		if diff := cmp.Diff(settled(w0), settled(end)); diff != "" {
			t.Fatalf("point %d: after the rollback (-found +restored):\n%s", k, diff)
		}
	}
}

// Who is bound by a tag and is not moved keeps the tag where it is, by name.
func TestATagStaysForItsBystanders(t *testing.T) {
	in := allOf()
	in.Namespaces = []string{"c"}
	w := sixWays()
	plan := Make(w, forward(t, w, in, step.Ledger{}), step.Ledger{})
	for _, s := range step.Flat(plan.Stages) {
		if s.Kind == step.Tag || s.Kind == step.RestoreLabel {
			t.Errorf("%s, though Deployment own/by-tag is bound by it", s)
		}
	}
	if !slices.ContainsFunc(plan.Notes, func(n step.Note) bool {
		return n.Kind == step.TagStays && n.Subject == "tag prod" && n.Evidence == "names 1-29-1; binds Deployment own/by-tag"
	}) {
		t.Errorf("no note names the bystander: %v", plan.Notes)
	}
	in.Namespaces, in.Tags = nil, step.KeepTags
	for _, s := range step.Flat(Make(w, forward(t, w, in, step.Ledger{}), step.Ledger{}).Stages) {
		if s.Kind == step.Tag || s.Kind == step.RestoreLabel {
			t.Errorf("%s, though tags are to be kept", s)
		}
	}
	in.Tags, in.Labels = step.MoveTags, step.ExplicitLabels
	for _, s := range step.Flat(Make(w, forward(t, w, in, step.Ledger{}), step.Ledger{}).Stages) {
		if s.Kind == step.RestoreLabel {
			t.Errorf("%s, though labels are to stay explicit", s)
		}
	}
}

// An upgrade that other hands began belongs to the run from where they say it
// came, and without that word it can only are rolled back to what was found.
func TestAnUpgradeBegunByHandIsAdopted(t *testing.T) {
	w := withRevision(sixWays(), "1-31-0", "1.31.0")
	hand := step.Target{Run: "hand"}
	binding.SimulateLabels(&w, step.Step{Subject: "a", To: mesh.Pinned("1-31-0").String()})
	for _, wl := range w.In("a") {
		strategy.SimulateRestart(&w, hand, step.Step{Subject: step.Subject(wl.Ref())}, noon)
	}
	in := allOf()
	in.From = "1-29-1"
	target := forward(t, w, in, step.Ledger{})
	_, l, done := carry(t, w, target, NewLedger(Make(w, target, step.Ledger{}), noon), -1, first, nil)
	for _, s := range done {
		if wl, ok := w.Workload(s.Workload()); ok && wl.Namespace == "a" && s.Kind.Changes() {
			t.Errorf("%s, though other hands did it", s)
		}
	}
	if got := l.Baseline.Bindings["a"]; got != "istio.io/rev=1-29-1" {
		t.Errorf("with --from the baseline of a is %s", got)
	}
	in.From = ""
	if b := baseline.New(w, in, []string{"a"}); b.Bindings["a"] != "istio.io/rev=1-31-0" || b.Revisions["a"] != "1-31-0" {
		t.Errorf("without --from the baseline of a is %s on %s", b.Bindings["a"], b.Revisions["a"])
	}
}

// What its pods' own labels bind needs a write to its template: it is restarted
// where the policy says swap, and a rule that names it is refused.
func TestWhatItsOwnLabelsBindIsNotSwapped(t *testing.T) {
	in := allOf()
	in.Policy.Strategy = step.BySwap
	w := sixWays()
	for i, wl := range w.Workloads {
		if wl.Namespace == "own" {
			w.Workloads[i].Services = []mesh.Service{{Name: wl.Name, Selector: map[string]string{"app": wl.Name}}}
		}
	}
	kinds := map[string]step.Kind{}
	for _, s := range step.Flat(Make(w, forward(t, w, in, step.Ledger{}), step.Ledger{}).Stages) {
		if s.Kind == step.Restart || s.Kind == step.Swap {
			kinds[string(s.Subject)] = s.Kind
		}
	}
	for _, name := range []string{"by-revision", "by-tag", "by-inject"} {
		if got := kinds["Deployment own/"+name]; got != step.Restart {
			t.Errorf("own/%s is moved by %q", name, got)
		}
	}
	in.Policy.Rules = []step.Rule{{Name: "by-inject", Strategy: step.BySwap}}
	if _, err := ForwardTarget(w, in, step.Ledger{}); err == nil || !strings.Contains(err.Error(), "its pods' own labels bind it") {
		t.Errorf("a rule that names it: %v", err)
	}
}

// What its own labels bind is rolled back to the revision that they give, whatever
// sidecars its pods had when the run began.
func TestMixedSidecarsGoBackToWhatTheirLabelsGive(t *testing.T) {
	w := withRevision(sixWays(), "1-31-0", "1.31.0")
	for i, wl := range w.Workloads {
		if wl.Ref() == "Deployment own/by-revision" {
			wl.Pods = slices.Clone(wl.Pods)
			wl.Pods[0].Sidecar.Revision = "1-31-0"
			w.Workloads[i] = wl
		}
	}
	target := forward(t, w, allOf(), step.Ledger{})
	back := RollbackTarget(allOf(), NewLedger(Make(w, target, step.Ledger{}), noon), 0)
	if got := back.ControlPlanes(); !slices.Equal(got, []string{"1-29-1"}) {
		t.Errorf("the way back needs the control planes %q", got)
	}
	if got := back.WorkloadRevisions["Deployment own/by-revision"]; got != "1-29-1" {
		t.Errorf("it is rolled back to %q", got)
	}
}
