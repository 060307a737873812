// SPDX-License-Identifier: Apache-2.0

package stories

import (
	"strings"
	"testing"
)

// kindsKilled kills the same move with SIGKILL after writes of the kinds' own, there
// and back, and after every write when repeating. It goes on to the same end, and
// no pod is evicted twice.
func (l *lab) kindsKilled(t *testing.T, before map[string]string) {
	l.forget(t)
	g := newGate(t, l.config)
	there := moving(append(rules, "--to", newRevision, "--soak", "0s", "--name", "killed", "--lease-duration", lease)...)
	home := back("killed", "--lease-duration", lease)
	for _, way := range []struct {
		args     []string
		revision string
	}{{there, newRevision}, {home, oldRevision}} {
		var seen []write
		if repeating() {
			seen = g.lives(t, way.args) // each life ends with its first write to the mesh
		} else {
			for _, path := range []string{"/crews/", "/rollouts/", "partition-1/eviction"} {
				last, e := g.life(t, way.args, func(w write) bool { return strings.Contains(w.path, path) })
				if last == nil {
					t.Fatalf("it was not killed after a write to %s; it said:\n%s", path, e.text)
				}
				seen = append(seen, g.written()...)
			}
			g.open()
			start(t, g.kubeconfig, way.args...).end(t, longest).exits(t, exitDone)
			seen = append(seen, g.written()...)
		}
		l.kindsOn(t, way.revision)
		l.untouched(t, before)
		evicted := map[string]int{}
		for _, w := range seen {
			if evicts(w) && w.code < 300 {
				evicted[w.path]++
			}
		}
		if len(evicted) != 14 {
			t.Errorf("14 pods are there to be evicted, and these were: %v", evicted)
		}
		for path, n := range evicted {
			if n > 1 {
				t.Errorf("%s %d times", path, n)
			}
		}
	}
}

// evicts tells the eviction of a pod.
func evicts(w write) bool { return strings.HasSuffix(w.path, "/eviction") }
