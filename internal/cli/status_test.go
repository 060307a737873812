// SPDX-License-Identifier: Apache-2.0

package cli

import "testing"

// TestStatusSeesARemoval: what a removal takes is looked for, so that it is among
// what is left.
func TestStatusSeesARemoval(t *testing.T) {
	p := shop()
	whole(t, p)
	for _, removes := range []bool{false, true} {
		p.runs[0].Spec.RemoveOld, p.removing = removes, ""
		if code, out, err := on(p, "status"); code != exitDone {
			t.Fatalf("exit code %d: %s%s", code, out, err)
		}
		if (p.removing == "to-1-31-0") != removes {
			t.Errorf("a removal is %t, and looked for: %q", removes, p.removing)
		}
	}
}
