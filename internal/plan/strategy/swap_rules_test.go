// SPDX-License-Identifier: Apache-2.0

package strategy_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/plan/advice"
	"github.com/rerig/rerig/internal/plan/plantest"
	"github.com/rerig/rerig/internal/plan/strategy"
	"github.com/rerig/rerig/internal/plan/swap"
	"github.com/rerig/rerig/internal/step"
)

// Once the swap of a workload has begun, a new rule that names it is refused, and a rule for many
// is noted.
func TestRuleOnABegunSwapIsRefusedOrNoted(t *testing.T) {
	named := func(w step.Strategy) step.Rule {
		return step.Rule{Kind: mesh.Deployment, Namespace: "a", Name: "w0", Strategy: w}
	}
	for _, c := range []struct {
		name           string
		rule           step.Rule
		begun, given   bool
		refused, noted bool
	}{
		{name: "left", rule: named(step.Leave), begun: true, given: true, refused: true, noted: true},
		{name: "restarted", rule: named(step.ByRestart), begun: true, given: true, refused: true, noted: true},
		{name: "all of a name", rule: step.Rule{Name: "w0", Strategy: step.ByEviction}, begun: true, given: true, refused: true, noted: true},
		{name: "recorded rule", rule: named(step.Leave), begun: true, noted: true},
		{name: "all of a kind", rule: step.Rule{Kind: mesh.Deployment, Strategy: step.Leave}, begun: true, given: true, noted: true},
		{name: "swapped", rule: named(step.BySwap), begun: true, given: true},
		{
			name: "trial only",
			rule: step.Rule{Kind: mesh.Deployment, Namespace: "a", Name: "w0", Trial: step.NoTrial}, begun: true,
			given: true,
		},
		{name: "before the swap", rule: named(step.Leave), given: true},
		{name: "another workload",
			rule: step.Rule{Kind: mesh.Deployment, Namespace: "b", Name: "w0", Strategy: step.Leave}, begun: true, given: true,
		},
		{name: "all, before the swap", rule: step.Rule{Strategy: step.ByRestart}, given: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			w, in := plantest.SwappableWorld()
			l := plantest.NewLedger(w, plantest.Forward(t, w, in, step.Ledger{}))
			if i := slices.IndexFunc(w.Workloads, func(wl mesh.Workload) bool { return wl.Ref() == "Deployment a/w0" }); c.begun {
				w.Workloads[i].Pods[0].Swap = mesh.Swap{Workload: "Deployment a/w0", Run: in.Run, Place: mesh.Detached}
			}
			in.Policy.Rules = []step.Rule{c.rule}
			target := plantest.Forward(t, w, in, l)
			given := target.Policy.Rules
			if !c.given {
				given = nil
			}
			err := strategy.ValidateRulesAgainstSwaps(w, target, given)
			if (err != nil) != c.refused || err != nil &&
				!strings.Contains(err.Error(), "Deployment a/w0: a rule says "+string(c.rule.Strategy)) {
				t.Errorf("got error %v, want one: %t", err, c.refused)
			}
			noted := slices.ContainsFunc(
				advice.Notes(w, target),
				func(n step.Note) bool { return n.Kind == step.SwapContinues && n.Subject == "Deployment a/w0" },
			)
			if noted != c.noted {
				t.Errorf("noted: got %t, want %t", noted, c.noted)
			}
		})
	}
}

func TestUnfitWorkloads(t *testing.T) {
	w, in := plantest.SwappableWorld()
	wl, _ := w.Workload("Deployment a/w0")
	label := func(wl *mesh.Workload) { wl.Template.Labels = map[string]string{mesh.RevisionLabel: "x"} }
	selectHash := func(wl *mesh.Workload) { wl.Services[0].Selector = map[string]string{swap.HashLabel: "h1"} }
	for _, tc := range []struct {
		name     string
		change   func(*mesh.Workload)
		wantText string
	}{
		{name: "fits", change: func(*mesh.Workload) {}},
		{name: "StatefulSet", change: func(wl *mesh.Workload) { wl.Kind = mesh.StatefulSet }, wantText: "fixed names"},
		{name: "bare ReplicaSet", change: func(wl *mesh.Workload) { wl.Kind = "ReplicaSet" }, wantText: "bare ReplicaSet"},
		{name: "Rollout", change: func(wl *mesh.Workload) { wl.Kind = "Rollout" }, wantText: "Deployment's ReplicaSet"},
		{name: "a template label that its namespace's overrides", change: label},
		{name: "volume claim", change: func(wl *mesh.Workload) { wl.NotSideBySide = "it mounts a claim" }, wantText: "mounts a claim"},
		{name: "no Service", change: func(wl *mesh.Workload) { wl.Services = nil }, wantText: "no Service"},
		{name: "service by hash", change: selectHash, wantText: "selects by pod-template-hash"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			changed := wl
			changed.Services = slices.Clone(wl.Services)
			tc.change(&changed)
			reason := swap.Unfit(changed)
			if (reason == "") != (tc.wantText == "") || !strings.Contains(reason, tc.wantText) {
				t.Errorf("unfit: got %q, want %q", reason, tc.wantText)
			}
			p := strategy.Decide(in.Policy, changed)
			if (p.Strategy == step.BySwap) != (tc.wantText == "") {
				t.Errorf("got strategy %s (%s), want swap: %t", p.Strategy, p.Reason, tc.wantText == "")
			}
		})
	}
}

// A swap rule that names a workload is followed or refused. Where the policy does not fit, a note
// names the workload.
func TestUnfitSwapRuleIsRefused(t *testing.T) {
	w, in := plantest.SwappableWorld()
	in.Policy.Rules = []step.Rule{{Kind: mesh.StatefulSet, Namespace: "a", Name: "w1", Strategy: step.BySwap}}
	if _, err := plan.ForwardTarget(w, in, step.Ledger{}); err == nil || !strings.Contains(err.Error(), "fixed names") || !strings.Contains(
		err.Error(),
		"StatefulSet a/w1",
	) {
		t.Errorf("rule that does not fit: got %v, want an error that names the StatefulSet", err)
	}
	in.Policy.Rules = nil
	count := 0
	for _, n := range advice.Notes(w, plantest.Forward(t, w, in, step.Ledger{})) {
		if n.Kind == step.NotSwapped {
			count++
		}
	}
	if count != 8 {
		t.Errorf("notes on workloads that are not swapped: got %d, want 8", count)
	}
}
