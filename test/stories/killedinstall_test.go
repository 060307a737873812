// SPDX-License-Identifier: Apache-2.0

package stories

import (
	"testing"
	"time"
)

// TestKilledWhileInstalling kills rerig at several places in the middle of the
// install: istioctl has to die with it, and the next start repeats the whole.
func TestKilledWhileInstalling(t *testing.T) {
	l := hollow(t, "killed in the middle of the install, it takes istioctl along, and the same command repeats the whole install")
	before := l.snapshot(t, bindings())
	gateways := l.gateways(t)
	g := newGate(t, l.config)
	args := upgrading(t, "--lease-duration", lease)
	kills := 0
	for nth := 1; ; nth += 7 {
		began := time.Now()
		killed, e := g.life(t, args, installs(nth))
		alone(t, g.kubeconfig)
		if killed == nil {
			e.exits(t, exitDone)
			break
		}
		kills++
		t.Logf("killed after write %d of istioctl, %s", nth, short(time.Since(began)))
		l.snapshot(t, bindings()).ours().same(t, "an install that was killed", before)
	}
	if kills < 3 {
		t.Errorf("it was killed %d times only: does the gate still know istioctl?", kills)
	}
	l.stands(t, all(newRevision))
	l.labelled(t, all(newRevision))
	l.gateways(t).same(t, "the gateways", gateways)
	l.phase(t, "Completed")
}
