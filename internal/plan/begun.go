// SPDX-License-Identifier: Apache-2.0

package plan

import "maps"

// noteSwapped keeps which workloads were to be swapped, before another approval
// takes the place of the one that says so: no template tells of it.
func (l *Ledger) noteSwapped() {
	for _, s := range l.Approved {
		if s.Kind != Swap {
			continue
		}
		if l.Swapped == nil {
			l.Swapped = map[string]bool{}
		}
		l.Swapped[s.Subject] = true
	}
}

// begun are the workloads that a run has moved, or may have, without a stamp.
func (l Ledger) begun() map[string]bool {
	all := map[string]bool{}
	maps.Copy(all, l.Evicting)
	maps.Copy(all, l.Swapped)
	l.Swapped = maps.Clone(all)
	l.noteSwapped()
	if len(l.Swapped) == 0 {
		return nil
	}
	return l.Swapped
}
