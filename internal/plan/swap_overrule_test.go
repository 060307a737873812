// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"slices"
	"strings"
	"testing"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/advice"
	"github.com/rerig/rerig/internal/plan/strategy"
	"github.com/rerig/rerig/internal/step"
)

// Once a swap has begun on a workload no rule moves or leaves it otherwise: one
// that names it is refused where it is new to the run, one for many is noted.
func TestARuleOnABegunSwapIsRefusedOrNoted(t *testing.T) {
	named := func(w step.Strategy) step.Rule {
		return step.Rule{Kind: mesh.Deployment, Namespace: "a", Name: "w0", Strategy: w}
	}
	for name, c := range map[string]struct {
		rule           step.Rule
		begun, given   bool
		refused, noted bool
	}{
		"left":                {named(step.Leave), true, true, true, true},
		"restarted":           {named(step.ByRestart), true, true, true, true},
		"for all of a name":   {step.Rule{Name: "w0", Strategy: step.ByEviction}, true, true, true, true},
		"on record":           {named(step.Leave), true, false, false, true},
		"for many":            {step.Rule{Kind: mesh.Deployment, Strategy: step.Leave}, true, true, false, true},
		"swapped":             {named(step.BySwap), true, true, false, false},
		"of the trial alone":  {step.Rule{Kind: mesh.Deployment, Namespace: "a", Name: "w0", Trial: step.NoTrial}, true, true, false, false},
		"before it has begun": {named(step.Leave), false, true, false, false},
		"of another workload": {
			step.Rule{Kind: mesh.Deployment, Namespace: "b", Name: "w0", Strategy: step.Leave}, true, true, false, false,
		},
		"for many, before it does": {step.Rule{Strategy: step.ByRestart}, false, true, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			w, in := swappableMesh()
			l := NewLedger(Make(w, forward(t, w, in, step.Ledger{}), step.Ledger{}), noon)
			if i := slices.IndexFunc(w.Workloads, func(wl mesh.Workload) bool { return wl.Ref() == "Deployment a/w0" }); c.begun {
				w.Workloads[i].Pods[0].Swap = mesh.Swap{Workload: "Deployment a/w0", Run: in.Run, Place: mesh.Detached}
			}
			in.Policy.Rules = []step.Rule{c.rule}
			target := forward(t, w, in, l)
			given := target.Policy.Rules
			if !c.given {
				given = nil
			}
			err := strategy.ValidateRulesAgainstSwaps(w, target, given)
			if (err != nil) != c.refused || err != nil &&
				!strings.Contains(err.Error(), "Deployment a/w0: a rule says "+string(c.rule.Strategy)) {
				t.Errorf("refused: %v", err)
			}
			noted := slices.ContainsFunc(
				advice.Notes(w, target),
				func(n step.Note) bool { return n.Kind == step.SwapContinues && n.Subject == "Deployment a/w0" },
			)
			if noted != c.noted {
				t.Errorf("noted: %v, want %v", noted, c.noted)
			}
		})
	}
}
