// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"slices"
	"strings"
	"testing"

	"github.com/rerig/rerig/internal/mesh"
)

// Once a swap has begun on a workload no rule moves or leaves it otherwise: one
// that names it is refused where it is new to the run, one for many is noted.
func TestARuleOnABegunSwapIsRefusedOrNoted(t *testing.T) {
	named := func(w Way) Rule { return Rule{Kind: mesh.Deployment, Namespace: "a", Name: "w0", Way: w} }
	for name, c := range map[string]struct {
		rule           Rule
		begun, given   bool
		refused, noted bool
	}{
		"left":                     {named(Leave), true, true, true, true},
		"restarted":                {named(ByRestart), true, true, true, true},
		"for all of a name":        {Rule{Name: "w0", Way: ByEviction}, true, true, true, true},
		"on record":                {named(Leave), true, false, false, true},
		"for many":                 {Rule{Kind: mesh.Deployment, Way: Leave}, true, true, false, true},
		"swapped":                  {named(BySwap), true, true, false, false},
		"of the trial alone":       {Rule{Kind: mesh.Deployment, Namespace: "a", Name: "w0", Trial: NoTrial}, true, true, false, false},
		"before it has begun":      {named(Leave), false, true, false, false},
		"of another workload":      {Rule{Kind: mesh.Deployment, Namespace: "b", Name: "w0", Way: Leave}, true, true, false, false},
		"for many, before it does": {Rule{Way: ByRestart}, false, true, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			w, in := swappableMesh()
			l := Opened(Make(w, forward(t, w, in, Ledger{}), Ledger{}), noon)
			if i := slices.IndexFunc(w.Workloads, func(wl mesh.Workload) bool { return wl.Key() == "Deployment a/w0" }); c.begun {
				w.Workloads[i].Pods[0].Swap = mesh.Swap{Workload: "Deployment a/w0", Run: in.Run, Place: mesh.Released}
			}
			in.Policy.Rules = []Rule{c.rule}
			target := forward(t, w, in, l)
			given := target.Policy.Rules
			if !c.given {
				given = nil
			}
			err := Overruling(w, target, given)
			if (err != nil) != c.refused || err != nil && !strings.Contains(err.Error(), "Deployment a/w0 is moved: a rule says "+string(c.rule.Way)) {
				t.Errorf("refused: %v", err)
			}
			noted := slices.ContainsFunc(Notes(w, target), func(n Note) bool { return n.Kind == SwapGoesOn && n.Subject == "Deployment a/w0" })
			if noted != c.noted {
				t.Errorf("noted: %v, want %v", noted, c.noted)
			}
		})
	}
}
