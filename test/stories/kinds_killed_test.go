// SPDX-License-Identifier: Apache-2.0

package stories

import (
	"strings"
	"testing"
)

// TestKindsKilledAtEveryWrite kills the upgrade of a workload of each kind after every
// write, and the rollback.
func TestKindsKilledAtEveryWrite(t *testing.T) {
	l := ownLab(t, "a workload of each kind, killed after every write: each pod is evicted once in the upgrade and once in the "+
		"rollback", "kinds-killed", "--no-shop", "--rollouts")
	l.installTarget(t, "")
	l.createKinds(t)
	l.killKinds(t, l.kindTemplates(t), nil)
}

// killKinds kills the upgrade after a write to each of these paths, or after every
// write where none is given, and the rollback. It goes on to the same end, and no pod
// is evicted twice.
func (l *lab) killKinds(t *testing.T, before map[string]string, paths []string) {
	l.deleteRecords(t)
	g := newGate(t, l.config)
	upgrade := upgradeArgs(append(rules, "--to", newRevision, "--soak", "0s", "--name", "killed", "--lease-duration", lease)...)
	rollback := rollbackArgs("killed", "--lease-duration", lease)
	for _, direction := range []struct {
		args     []string
		revision string
	}{{upgrade, newRevision}, {rollback, oldRevision}} {
		var seen []write
		if paths == nil {
			seen = g.killAtEachWrite(t, direction.args) // each process ends with its first write to the mesh
		} else {
			for _, path := range paths {
				last, e := g.runUntil(t, direction.args, func(w write) bool { return strings.Contains(w.path, path) })
				if last == nil {
					t.Fatalf("it was not killed after a write to %s; output:\n%s", path, e.text)
				}
				seen = append(seen, g.written()...)
			}
			g.open()
			start(t, g.kubeconfig, direction.args...).end(t, runTimeout).requireExit(t, exitDone)
			seen = append(seen, g.written()...)
		}
		l.requireKinds(t, direction.revision)
		l.requireTemplates(t, before)
		evicted := map[string]int{}
		for _, w := range seen {
			if isEviction(w) && w.code < 300 {
				evicted[w.path]++
			}
		}
		if len(evicted) != 14 {
			t.Errorf("got evictions %v, want one of each of 14 pods", evicted)
		}
		for path, n := range evicted {
			if n > 1 {
				t.Errorf("%s %d times", path, n)
			}
		}
	}
}

// isEviction matches the eviction of a pod.
func isEviction(w write) bool { return strings.HasSuffix(w.path, "/eviction") }
