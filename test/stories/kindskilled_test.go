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
		begun := len(g.written())
		if repeating() {
			t.Logf("%d kills", len(g.lives(t, way.args)))
		} else {
			g.killedAt(t, way.args, func(w write) bool { return strings.Contains(w.path, "/crews/") })
			g.killedAt(t, way.args, func(w write) bool { return strings.Contains(w.path, "/rollouts/") })
			g.killedAt(t, way.args, func(w write) bool { return evicts(w) && strings.Contains(w.path, "partition-1") })
			g.open()
			start(t, g.kubeconfig, way.args...).end(t, longest).exits(t, exitDone)
		}
		l.kindsOn(t, way.revision)
		l.untouched(t, before)
		evicted := map[string]int{}
		for _, w := range g.written()[begun:] {
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

// killedAt kills a command after the first write of which when is true.
func (g *gate) killedAt(t *testing.T, args []string, when func(write) bool) {
	t.Helper()
	if last, e := g.life(t, args, when); last == nil {
		t.Fatalf("it was not killed; it said:\n%s", e.text)
	}
}
