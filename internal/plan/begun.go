// SPDX-License-Identifier: Apache-2.0

package plan

import "maps"

// noteUnstamped keeps which workloads were to be swapped, and of which the template
// was to be pinned without a restart, before another approval takes the place of the
// one that says so: no stamp tells of it.
func (l *Ledger) noteUnstamped() {
	for _, s := range l.Approved {
		switch {
		case s.Kind == Swap:
			l.Swapped = marked(l.Swapped, s.Subject)
		case s.Pin != "" && s.Kind != Restart:
			l.Pinned = marked(l.Pinned, s.Subject)
		}
	}
}

func marked(keys map[string]bool, key string) map[string]bool {
	if keys == nil {
		keys = map[string]bool{}
	}
	keys[key] = true
	return keys
}

// begun are the workloads that a run has moved, or may have, without a stamp.
func (l Ledger) begun() map[string]bool {
	l = l.Clone()
	l.noteUnstamped()
	all := map[string]bool{}
	for _, keys := range []map[string]bool{l.Evicting, l.Swapped, l.Pinned} {
		maps.Copy(all, keys)
	}
	if len(all) == 0 {
		return nil
	}
	return all
}
