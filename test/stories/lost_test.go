// SPDX-License-Identifier: Apache-2.0

package stories

import (
	"testing"
	"time"
)

// TestConnectionLost cuts rerig off from the cluster in the middle of a run.
func TestConnectionLost(t *testing.T) {
	l := hollow(t, "cut off from the cluster: for a short time it waits, for a long one the same command goes on")
	l.target(t, "")
	g := newGate(t, l.config)

	pause := g.pauseAt(t, labels("shop-web"))
	p := start(t, g.kubeconfig, moving("--to", newRevision, "--soak", "0s")...)
	pause.await(t, p)
	pause.proceed()
	g.lose(true)
	time.Sleep(6 * time.Second) // a Lease is good for 15
	g.lose(false)
	p.end(t, longest).exits(t, exitDone)
	l.stands(t, all(newRevision))

	pause = g.pauseAt(t, labels("shop-data"))
	p = start(t, g.kubeconfig, back("--lease-duration", lease)...)
	pause.await(t, p)
	pause.proceed()
	g.lose(true)
	e := p.end(t, time.Minute)
	e.exits(t, exitRefused)
	e.says(t, "lost the Lease", "run the same command again")
	g.lose(false)
	start(t, g.kubeconfig, back("--lease-duration", lease)...).end(t, longest).exits(t, exitDone)
	l.stands(t, all(oldRevision))
	l.phase(t, "RolledBack")
}
