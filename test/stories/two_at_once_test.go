// SPDX-License-Identifier: Apache-2.0

package stories

import "testing"

// TestTwoAtOnce runs the same command twice at the same time.
func TestTwoAtOnce(t *testing.T) {
	l := targetLab(t, "two processes at once: the second watches, and takes over when the first dies")
	args := upgradeArgs("--to", newRevision, "--soak", "0s", "--lease-duration", lease)
	first, second := newGate(t, l.config), newGate(t, l.config)

	pause := first.pauseAt(t, labelOf("shop-web"))
	acts := start(t, first.kubeconfig, args...)
	pause.waitReached(t, acts)
	watches := start(t, second.kubeconfig, args...)
	watches.waitOutput(t, "works on run to-"+newRevision+"; this process watches", runTimeout)
	pause.proceed()
	for _, p := range []*process{acts, watches} {
		e := p.end(t, runTimeout)
		e.requireExit(t, exitDone)
		e.requireOutput(t, "Run to-1-31-0 is complete")
	}
	if w := second.written(); len(w) > 0 {
		t.Errorf("the one that watched wrote:\n%s", formatWrites(w))
	}
	l.requirePlacement(t, everywhere(newRevision))

	pause = first.pauseAt(t, labelOf("shop-data"))
	dies := start(t, first.kubeconfig, rollbackArgs("--lease-duration", lease)...)
	pause.waitReached(t, dies)
	heir := start(t, second.kubeconfig, rollbackArgs("--lease-duration", lease)...)
	heir.waitOutput(t, "works on run to-"+newRevision+"; this process watches", runTimeout)
	dies.kill()
	pause.proceed()
	e := heir.end(t, runTimeout)
	e.requireExit(t, exitDone)
	e.requireOutput(t, "this process continues it", "Run to-1-31-0 is rolled back")
	if w := second.written(); len(w) == 0 {
		t.Error("the one that took over wrote nothing")
	}
	l.requirePlacement(t, everywhere(oldRevision))
	l.requireLabels(t, everywhere(oldRevision))
	l.requirePhase(t, "RolledBack")
}
