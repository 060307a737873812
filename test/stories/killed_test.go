// SPDX-License-Identifier: Apache-2.0

package stories

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// lease is how long a dead process keeps the Lease of a run in these stories.
const (
	lease    = "3s"
	outlived = 4 * time.Second
)

// TestKilledAfterEachWrite kills rerig after each write that it makes to the
// mesh, and after every so many of its record's, and has the same command go on.
func TestKilledAfterEachWrite(t *testing.T) {
	l := hollow(t, "killed with SIGKILL after each of its writes in turn, it goes on each time, to the same end")
	before := l.snapshot(t, bindings())
	l.target(t, "") // the install has a story of its own
	g := newGate(t, l.config)

	began := time.Now()
	kills := g.lives(t, moving("--to", newRevision, "--soak", "1s", "--lease-duration", lease))
	t.Logf("forward: %d kills in %s", len(kills), short(time.Since(began)))
	l.stands(t, all(newRevision))
	l.labelled(t, all(newRevision))
	l.phase(t, "Completed")
	killedAfter(t, kills, append([]string{"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/meshupgrades.rerig.dev", "/apis/rerig.dev/v1alpha1/meshupgrades"}, written()...))

	began = time.Now()
	kills = g.lives(t, back("--lease-duration", lease))
	t.Logf("back: %d kills in %s", len(kills), short(time.Since(began)))
	l.snapshot(t, bindings()).ours().withoutStamps(t).same(t, "the way there and back", before.withoutStamps(t))
	l.stands(t, all(oldRevision))
	l.phase(t, "RolledBack")
	killedAfter(t, kills, written())
}

// TestKilledOnce kills an undisturbed run after its nth write, whatever it is, has
// it go on to the end, and the same with the way back: for every n there is when
// repeating, else for two of them.
func TestKilledOnce(t *testing.T) {
	l := hollow(t, "killed once, after the nth write of a whole run there and of one back, it goes on to the same end")
	before := l.snapshot(t, bindings())
	l.target(t, "")
	g := newGate(t, l.config)
	there, home := moving("--to", newRevision, "--soak", "1s", "--lease-duration", lease), back("--lease-duration", lease)
	first, step, last := 7, 10, 17
	if repeating() {
		first, step, last = 1, 1, 1000
	}
	for n, more := first, true; more && n <= last; n += step {
		began := time.Now()
		onTheWay := g.killedOnce(t, there, n)
		l.stands(t, all(newRevision))
		goingBack := g.killedOnce(t, home, n)
		l.stands(t, all(oldRevision))
		l.snapshot(t, bindings()).ours().withoutStamps(t).same(t, "the way there and back", before.withoutStamps(t))
		t.Logf("killed after write %d there (%t) and back (%t): %s", n, onTheWay, goingBack, short(time.Since(began)))
		more = onTheWay || goingBack
	}
}

// written are the paths of the shop's objects that a run writes to.
func written() []string {
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

// killedAfter demands a kill after a write to each of these.
func killedAfter(t *testing.T, kills []write, paths []string) {
	t.Helper()
	for _, path := range paths {
		if !slices.ContainsFunc(kills, func(w write) bool { return w.path == path }) {
			t.Errorf("it was never killed after a write to %s; it was after:\n%s", path, lines(kills))
		}
	}
}

func lines(writes []write) string {
	var b strings.Builder
	for _, w := range writes {
		fmt.Fprintln(&b, w)
	}
	return b.String()
}

// lives runs the same command again and again through the gate. Each life ends
// after its first write to the mesh, or to the record where the life before came
// no further than that; then it may write to the record once more. It returns the
// writes that were the last ones of a life, and demands that the last life ends well.
func (g *gate) lives(t *testing.T, args []string) []write {
	t.Helper()
	var kills []write
	for records := 1; len(kills) < 200; {
		left := records
		last, e := g.life(t, args, func(w write) bool {
			if w.record() {
				left--
			}
			return !w.record() || left == 0
		})
		if last == nil {
			e.exits(t, exitDone)
			return kills
		}
		kills = append(kills, *last)
		if records++; !last.record() {
			records = 1
		}
	}
	t.Fatalf("it never ends; killed after:\n%s", lines(kills))
	return nil
}

// life runs the command until it ends, or is killed right after a write of which
// when is true; that one is returned.
func (g *gate) life(t *testing.T, args []string, when func(write) bool) (*write, ended) {
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
	e := p.end(t, longest)
	if e.code == -1 && last != nil {
		return last, e
	}
	return nil, e
}

// killedOnce kills a command after its nth write, and has it go on; false when it
// has fewer.
func (g *gate) killedOnce(t *testing.T, args []string, n int) bool {
	t.Helper()
	last, e := g.life(t, args, func(write) bool { n--; return n == 0 })
	if last == nil {
		e.exits(t, exitDone)
		return false
	}
	g.open()
	e = start(t, g.kubeconfig, args...).end(t, longest)
	e.exits(t, exitDone)
	if e.took < outlived {
		time.Sleep(outlived - e.took) // nothing was left to do, and the dead one's Lease still stands
	}
	return true
}
