// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"cmp"
	"slices"

	"github.com/rerig/rerig/internal/mesh"
)

// Backward is the target that restores the baseline: the waves in reverse
// order, or only the one wave that is given (0 means all). A control plane that
// was taken away comes back from what was kept of it; the one that was installed
// stays, unused.
func Backward(in Intent, l Ledger, wave int) Target {
	t := Target{Run: in.Run, Back: true, Policy: in.Policy, Found: l.Baseline, From: in.From, Away: in.Revision, Bindings: map[string]mesh.Binding{}, Revisions: map[string]string{},
		Works: map[string]string{}, Pins: map[string]string{}, Tags: map[string]string{}, Versions: l.Baseline.Versions}
	t.Policy.Pinned, t.Policy.Run, t.Policy.Begun = t.Pins, in.Run, l.begun()
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
			if t.Revisions[ns] = l.Baseline.Revisions[ns]; t.Revisions[ns] != "" {
				t.Bindings[ns] = b
			}
		}
	}
	t.ownBack(l.Baseline)
	forth := map[string]string{}
	for key := range t.Pins {
		forth[key] = in.Revision
	}
	t.Policy.Written = l.Baseline.written(forth)
	for _, tag := range l.Baseline.Moved {
		if wave == 0 && in.Tags != KeepTags {
			t.Tags[tag] = l.Baseline.Tags[tag]
		}
	}
	return t
}

// ownBack gives the workloads of its namespaces that were bound by labels of
// their own what they had.
func (t Target) ownBack(b Baseline) {
	for key, label := range b.Pins {
		if _, here := t.Revisions[namespaceOf(key)]; here {
			t.Works[key], t.Pins[key] = cmp.Or(b.Revisions[key], b.Sidecars[key]), label // a record of an older version has the sidecars alone
		}
	}
}
