// SPDX-License-Identifier: Apache-2.0

package stories

import (
	"testing"
	"time"
)

// TestConnectionLost cuts rerig off from the cluster in the middle of a run.
func TestConnectionLost(t *testing.T) {
	l := targetLab(t, "cut off from the cluster: for a short time rerig waits, after a long one the same command continues")
	g := newGate(t, l.config)

	pause := g.pauseAt(t, labelOf("shop-web"))
	p := start(t, g.kubeconfig, upgradeArgs("--to", newRevision, "--soak", "0s", "--waves", "1", "--lease-duration", "10s")...)
	pause.waitReached(t, p)
	pause.proceed()
	g.disconnect(true)
	time.Sleep(4 * time.Second) // shorter than the Lease
	g.disconnect(false)
	p.end(t, runTimeout).requireExit(t, exitDone)
	l.requirePlacement(t, everywhere(newRevision))

	pause = g.pauseAt(t, labelOf("shop-data"))
	p = start(t, g.kubeconfig, rollbackArgs("--lease-duration", lease)...)
	pause.waitReached(t, p)
	pause.proceed()
	g.disconnect(true)
	e := p.end(t, time.Minute)
	e.requireExit(t, exitRefused)
	e.requireOutput(t, "lost the Lease", "run the same command again")
	g.disconnect(false)
	start(t, g.kubeconfig, rollbackArgs("--lease-duration", lease)...).end(t, runTimeout).requireExit(t, exitDone)
	l.requirePlacement(t, everywhere(oldRevision))
	l.requirePhase(t, "RolledBack")
}
