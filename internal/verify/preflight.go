// SPDX-License-Identifier: Apache-2.0

package verify

import "github.com/rerig/rerig/internal/mesh"

// Preflight judges the control planes that are there before anything is begun,
// and returns what does not pass. serving are the revisions in use; target is
// judged too when it is there already, and must then be of that version.
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
			judge(name, Standing, Facts{})
		}
	}
	if _, there := w.Revision(target); there {
		judge(target, Admission, Facts{Version: wanted})
	}
	return bad
}
