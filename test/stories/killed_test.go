// SPDX-License-Identifier: Apache-2.0

package stories

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// lease is how long the Lease of a killed process stays valid in these stories.
const lease = "3s"

// TestKilled kills an upgrade in the middle, and a rollback, and runs each again.
func TestKilled(t *testing.T) {
	l := targetLab(t, "killed in the middle of an upgrade, and of a rollback: the same command continues to the same end")
	l.killOnceAfterEach(t, 17, 17, 1)
}

// TestKilledOnceAtEveryWrite kills an upgrade and a rollback once, after the nth write,
// for every n.
func TestKilledOnceAtEveryWrite(t *testing.T) {
	l := targetLab(t, "killed once, after the nth write of an upgrade and of a rollback, for every n: the same command continues to the "+
		"same end")
	l.killOnceAfterEach(t, 1, 1000, 1)
}

// TestKilledAtEveryWrite kills rerig after each write that it makes to the mesh, and
// runs the same command again.
func TestKilledAtEveryWrite(t *testing.T) {
	l := targetLab(t, "killed after each of its writes in turn: the same command continues each time, to the same end")
	before := l.snapshot(t, bindingFields())
	g := newGate(t, l.config)

	began := time.Now()
	kills := g.killAtEachWrite(t, upgradeArgs("--to", newRevision, "--soak", "1s", "--lease-duration", lease))
	t.Logf("forward: %d kills in %s", len(kills), short(time.Since(began)))
	l.requirePlacement(t, everywhere(newRevision))
	l.requireLabels(t, everywhere(newRevision))
	l.requirePhase(t, "Completed")
	requireKillsAfter(t, kills, append([]string{"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/meshupgrades.rerig.dev",
		"/apis/rerig.dev/v1alpha1/meshupgrades"}, shopPaths()...))

	began = time.Now()
	kills = g.killAtEachWrite(t, rollbackArgs("--lease-duration", lease))
	t.Logf("back: %d kills in %s", len(kills), short(time.Since(began)))
	l.snapshot(t, bindingFields()).withoutTarget().withoutRestarts(t).requireSame(t, "upgrade and rollback",
		before.withoutTarget().withoutRestarts(t))
	l.requirePlacement(t, everywhere(oldRevision))
	l.requirePhase(t, "RolledBack")
	requireKillsAfter(t, kills, shopPaths())
}

// killOnceAfterEach kills an upgrade and a rollback once, after the nth write, for each
// n of a range, until n is more than they write.
func (l *lab) killOnceAfterEach(t *testing.T, first, last, step int) {
	t.Helper()
	before := l.snapshot(t, bindingFields())
	g := newGate(t, l.config)
	upgrade, rollback := upgradeArgs("--to", newRevision, "--soak", "1s", "--lease-duration", lease), rollbackArgs("--lease-duration",
		lease)
	for n, more := first, true; more && n <= last; n += step {
		began := time.Now()
		forward := l.killAfter(t, g, upgrade, n)
		l.requirePlacement(t, everywhere(newRevision))
		backward := l.killAfter(t, g, rollback, n)
		l.requirePlacement(t, everywhere(oldRevision))
		l.snapshot(t, bindingFields()).withoutTarget().withoutRestarts(t).requireSame(t, "upgrade and rollback",
			before.withoutTarget().withoutRestarts(t))
		t.Logf("killed after write %d of the upgrade (%t) and of the rollback (%t): %s", n, forward, backward, short(time.Since(began)))
		more = forward || backward
	}
}

// shopPaths returns the paths of the shop's objects that a run writes to.
func shopPaths() []string {
	var paths []string
	for _, ns := range shopNamespaces {
		paths = append(paths, "/api/v1/namespaces/"+ns)
	}
	for _, key := range shopWorkloads {
		kind, name, _ := strings.Cut(key, " ")
		ns, name, _ := strings.Cut(name, "/")
		paths = append(paths, fmt.Sprintf("/apis/apps/v1/namespaces/%s/%ss/%s", ns, strings.ToLower(kind), name))
	}
	return paths
}

// requireKillsAfter requires a kill after a write to each of these paths.
func requireKillsAfter(t *testing.T, kills []write, paths []string) {
	t.Helper()
	for _, path := range paths {
		if !slices.ContainsFunc(kills, func(w write) bool { return w.path == path }) {
			t.Errorf("it was never killed after a write to %s; it was after:\n%s", path, formatWrites(kills))
		}
	}
}

func formatWrites(writes []write) string {
	var b strings.Builder
	for _, w := range writes {
		fmt.Fprintln(&b, w)
	}
	return b.String()
}

// killAtEachWrite runs the same command again and again. Each process is killed after
// its first write to the mesh, or to the record where the process before came no further
// than that; then it may write to the record once more. It returns the last write of
// each process, and requires that the last process succeeds.
func (g *gate) killAtEachWrite(t *testing.T, args []string) []write {
	t.Helper()
	var kills []write
	for records := 1; len(kills) < 200; {
		left := records
		last, e := g.runUntil(t, args, func(w write) bool {
			if w.record() {
				left--
			}
			return !w.record() || left == 0
		})
		if last == nil {
			e.requireExit(t, exitDone)
			return kills
		}
		kills = append(kills, *last)
		if records++; !last.record() {
			records = 1
		}
	}
	t.Fatalf("it never ends; killed after:\n%s", formatWrites(kills))
	return nil
}

// runUntil runs a command until it ends, or kills it right after the first write that
// when matches, and returns that write.
func (g *gate) runUntil(t *testing.T, args []string, when func(write) bool) (*write, result) {
	t.Helper()
	var last *write
	var p *process
	started := make(chan struct{})
	g.shutAfter(func(w write) bool {
		if !when(w) {
			return false
		}
		last = &w
		return true
	}, func() {
		<-started
		p.kill()
	})
	p = start(t, g.kubeconfig, args...)
	close(started)
	e := p.end(t, runTimeout)
	if e.code == -1 && last != nil {
		return last, e
	}
	return nil, e
}

// killAfter kills a command after its nth write, and runs it again to its end. It
// reports whether the command wrote that often.
func (l *lab) killAfter(t *testing.T, g *gate, args []string, n int) bool {
	t.Helper()
	t.Helper()
	last, e := g.runUntil(t, args, func(write) bool { n--; return n == 0 })
	if last == nil {
		e.requireExit(t, exitDone)
		return false
	}
	g.open()
	start(t, g.kubeconfig, args...).end(t, runTimeout).requireExit(t, exitDone)
	l.waitLeaseExpired(t) // the command may have had nothing left to do
	return true
}
