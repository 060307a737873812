// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"slices"

	"github.com/rerig/rerig/internal/mesh"
)

// answering is what is asked of a control plane that the run has no part in: which
// proxies it serves. What certificate it shows them is nothing to the run.
var answering = func() []Check {
	i := slices.IndexFunc(Standing, func(c Check) bool { return c.Name == "istiod-answers" })
	c := Standing[i]
	c.Judge = told
	return []Check{c}
}()

// Preflight judges the control planes that are there before anything is begun,
// and returns what does not pass. serving are the revisions in use; target is
// judged too when it is there already, and must then be of that version. Of any
// other revision the istiods that run must answer: every proof asks them.
func Preflight(w mesh.World, serving []string, target, wanted string) []Verdict {
	var bad []Verdict
	judge := func(name string, checks []Check, f Facts) {
		f.World, f.Revision = w, name
		if v := Worst(Judge(checks, name, f)); v.Result == Wait || v.Result == Fail {
			bad = append(bad, v)
		}
	}
	for _, name := range serving {
		if name != target {
			judge(name, Standing, Facts{InUse: true})
		}
	}
	for _, r := range w.Revisions {
		if r.Name != target && !slices.Contains(serving, r.Name) && len(r.Istiods) > 0 {
			judge(r.Name, answering, Facts{})
		}
	}
	if _, there := w.Revision(target); there {
		judge(target, Admission, Facts{Version: wanted})
	}
	return bad
}
