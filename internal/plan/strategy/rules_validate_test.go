// SPDX-License-Identifier: Apache-2.0

package strategy_test

import (
	"strings"
	"testing"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/plan/advice"
	"github.com/rerig/rerig/internal/plan/plantest"
	"github.com/rerig/rerig/internal/step"
)

// A rule that names a workload which does not exist is refused before anything moves. One that
// matches nothing, or whose workload was deleted later, is noted.
func TestRulesWithoutMatchAreRefusedOrNoted(t *testing.T) {
	for _, c := range []struct {
		name     string
		rule     step.Rule
		wantText string // the error
		noted    bool
	}{
		{name: "existing workload", rule: step.Rule{Kind: mesh.Deployment, Namespace: "a", Name: "w0", Strategy: step.Leave}},
		{name: "wrong name",
			rule:     step.Rule{Kind: mesh.Deployment, Namespace: "a", Name: "wo", Strategy: step.Leave},
			wantText: "has DaemonSet a/w2, Deployment a/w0",
		},
		{name: "another kind",
			rule:     step.Rule{Kind: mesh.CronJob, Namespace: "a", Name: "w0", Strategy: step.Leave},
			wantText: "'CronJob a/w0=leave'",
		},
		{name: "unknown namespace",
			rule:     step.Rule{Kind: mesh.Deployment, Namespace: "aa", Name: "w0", Strategy: step.Leave},
			wantText: "there is no namespace aa",
		},
		{name: "unknown kind, named", rule: step.Rule{Kind: "Crew", Namespace: "a", Name: "c", Strategy: step.Leave}, noted: true},
		{name: "unknown kind", rule: step.Rule{Kind: "Crew", Strategy: step.ByEviction}, noted: true},
		{name: "unknown name", rule: step.Rule{Name: "nothing", Trial: step.NoTrial}, noted: true},
		{name: "every workload", rule: step.Rule{Strategy: step.ByRestart}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w, in := plantest.World(), plantest.Intent()
			in.Policy.Rules = []step.Rule{c.rule}
			target, err := plan.ForwardTarget(w, in, step.Ledger{})
			if (err != nil) != (c.wantText != "") || err != nil && !strings.Contains(err.Error(), c.wantText) {
				t.Fatalf("got error %v, want %q", err, c.wantText)
			}
			l := plantest.NewLedger(w, target)
			if target, err = plan.ForwardTarget(w, in, l); err != nil {
				t.Fatalf("a run that has begun: got error %v, want none", err)
			}
			noted := false
			for _, n := range advice.Notes(w, target) {
				noted = noted || n.Kind == step.RuleMatchesNothing && n.Subject == c.rule.String()
			}
			if want := c.noted || c.wantText != ""; noted != want {
				t.Errorf("noted: got %t, want %t", noted, want)
			}
		})
	}
}
