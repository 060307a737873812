// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"slices"

	"github.com/rerig/rerig/internal/mesh"
)

// Backward is the target that restores the baseline: the waves in reverse
// order, or only the one wave that is given (0 means all). A control plane that
// was taken away comes back from what was kept of it; the one that was installed
// stays, unused.
func Backward(in Intent, l Ledger, wave int) Target {
	t := Target{Run: in.Run, Back: true, Policy: in.Policy, Bindings: map[string]mesh.Binding{}, Revisions: map[string]string{}, Versions: l.Baseline.Versions}
	for i, namespaces := range slices.Backward(l.Waves) {
		if wave != 0 && wave != i+1 {
			continue
		}
		t.Waves = append(t.Waves, Group{Wave: i + 1, Namespaces: namespaces})
		for _, ns := range namespaces {
			// What Found wrote always parses; were it damaged, no binding would
			// match and the plan would show labels being taken away.
			b, err := mesh.ParseBinding(l.Baseline.Bindings[ns])
			if err != nil {
				continue
			}
			t.Bindings[ns], t.Revisions[ns] = b, l.Baseline.Revisions[ns]
		}
	}
	return t
}
