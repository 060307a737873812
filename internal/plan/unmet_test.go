// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"strings"
	"testing"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/advice"
	"github.com/rerig/rerig/internal/step"
)

// A rule that names a workload which is not there is refused before anything moves;
// one that merely matches nothing, or of which the workload went later, is noted.
func TestRulesThatMatchNothing(t *testing.T) {
	for name, c := range map[string]struct {
		rule  step.Rule
		says  string // the refusal
		noted bool
	}{
		"it is there": {rule: step.Rule{Kind: mesh.Deployment, Namespace: "a", Name: "w0", Strategy: step.Leave}},
		"misspelt": {
			rule: step.Rule{Kind: mesh.Deployment, Namespace: "a", Name: "wo", Strategy: step.Leave},
			says: "has DaemonSet a/w2, Deployment a/w0",
		},
		"another kind": {
			rule: step.Rule{Kind: mesh.CronJob, Namespace: "a", Name: "w0", Strategy: step.Leave},
			says: "'CronJob a/w0=leave'",
		},
		"no such namespace": {
			rule: step.Rule{Kind: mesh.Deployment, Namespace: "aa", Name: "w0", Strategy: step.Leave},
			says: "there is no namespace aa",
		},
		"of a foreign kind":   {rule: step.Rule{Kind: "Crew", Namespace: "a", Name: "c", Strategy: step.Leave}, noted: true},
		"for any":             {rule: step.Rule{Kind: "Crew", Strategy: step.ByEviction}, noted: true},
		"of another name":     {rule: step.Rule{Name: "nothing", Trial: step.NoTrial}, noted: true},
		"for every workload ": {rule: step.Rule{Strategy: step.ByRestart}},
	} {
		t.Run(name, func(t *testing.T) {
			w, in := start(), intent()
			in.Policy.Rules = []step.Rule{c.rule}
			target, err := ForwardTarget(w, in, step.Ledger{})
			if (err != nil) != (c.says != "") || err != nil && !strings.Contains(err.Error(), c.says) {
				t.Fatalf("refused: %v", err)
			}
			l := NewLedger(Make(w, target, step.Ledger{}), noon)
			if target, err = ForwardTarget(w, in, l); err != nil {
				t.Fatalf("a run on record is refused: %v", err)
			}
			noted := false
			for _, n := range advice.Notes(w, target) {
				noted = noted || n.Kind == step.RuleMatchesNothing && n.Subject == c.rule.String()
			}
			if want := c.noted || c.says != ""; noted != want {
				t.Errorf("noted: %v, want %v", noted, want)
			}
		})
	}
}
