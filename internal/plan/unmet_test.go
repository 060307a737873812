// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"strings"
	"testing"

	"github.com/rerig/rerig/internal/mesh"
)

// A rule that names a workload which is not there is refused before anything moves;
// one that merely matches nothing, or of which the workload went later, is noted.
func TestRulesThatMatchNothing(t *testing.T) {
	for name, c := range map[string]struct {
		rule  Rule
		says  string // the refusal
		noted bool
	}{
		"it is there":         {rule: Rule{Kind: mesh.Deployment, Namespace: "a", Name: "w0", Way: Leave}},
		"misspelt":            {rule: Rule{Kind: mesh.Deployment, Namespace: "a", Name: "wo", Way: Leave}, says: "there is DaemonSet a/w2, Deployment a/w0"},
		"another kind":        {rule: Rule{Kind: mesh.CronJob, Namespace: "a", Name: "w0", Way: Leave}, says: "'CronJob a/w0=leave'"},
		"no such namespace":   {rule: Rule{Kind: mesh.Deployment, Namespace: "aa", Name: "w0", Way: Leave}, says: "there is no namespace aa"},
		"of a foreign kind":   {rule: Rule{Kind: "Crew", Namespace: "a", Name: "c", Way: Leave}, noted: true},
		"for any":             {rule: Rule{Kind: "Crew", Way: ByEviction}, noted: true},
		"of another name":     {rule: Rule{Name: "nothing", Trial: NoTrial}, noted: true},
		"for every workload ": {rule: Rule{Way: ByRestart}},
	} {
		t.Run(name, func(t *testing.T) {
			w, in := start(), intent()
			in.Policy.Rules = []Rule{c.rule}
			target, err := Forward(w, in, Ledger{})
			if (err != nil) != (c.says != "") || err != nil && !strings.Contains(err.Error(), c.says) {
				t.Fatalf("refused: %v", err)
			}
			l := Opened(Make(w, target, Ledger{}), noon)
			if target, err = Forward(w, in, l); err != nil {
				t.Fatalf("a run on record is refused: %v", err)
			}
			noted := false
			for _, n := range Notes(w, target) {
				noted = noted || n.Kind == IdleRule && n.Subject == c.rule.String()
			}
			if want := c.noted || c.says != ""; noted != want {
				t.Errorf("noted: %v, want %v", noted, want)
			}
		})
	}
}
