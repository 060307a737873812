// SPDX-License-Identifier: Apache-2.0

package stories

import "testing"

// TestTwoAtOnce starts the same command twice.
func TestTwoAtOnce(t *testing.T) {
	l := hollow(t, "two at once: the second one watches, and takes over when the first one dies")
	l.target(t, "")
	args := moving("--to", newRevision, "--soak", "1s", "--lease-duration", lease)
	first, second := newGate(t, l.config), newGate(t, l.config)

	pause := first.pauseAt(t, labels("shop-web"))
	acts := start(t, first.kubeconfig, args...)
	pause.await(t, acts)
	watches := start(t, second.kubeconfig, args...)
	watches.hears(t, "works on run to-"+newRevision+"; this process watches", longest)
	pause.proceed()
	for _, p := range []*process{acts, watches} {
		e := p.end(t, longest)
		e.exits(t, exitDone)
		e.says(t, "Run to-1-31-0 is complete")
	}
	if w := second.written(); len(w) > 0 {
		t.Errorf("the one that watched wrote:\n%s", lines(w))
	}
	l.stands(t, all(newRevision))

	pause = first.pauseAt(t, labels("shop-data"))
	dies := start(t, first.kubeconfig, back("--lease-duration", lease)...)
	pause.await(t, dies)
	heir := start(t, second.kubeconfig, back("--lease-duration", lease)...)
	heir.hears(t, "works on run to-"+newRevision+"; this process watches", longest)
	dies.kill()
	pause.proceed()
	e := heir.end(t, longest)
	e.exits(t, exitDone)
	e.says(t, "this process continues it", "Run to-1-31-0 is rolled back")
	if w := second.written(); len(w) == 0 {
		t.Error("the one that took over wrote nothing")
	}
	l.stands(t, all(oldRevision))
	l.labelled(t, all(oldRevision))
	l.phase(t, "RolledBack")
}
