// SPDX-License-Identifier: Apache-2.0

package stories

import (
	"testing"
	"time"
)

// TestOtherHandsBringTheRevision leaves the installation to others.
func TestOtherHandsBringTheRevision(t *testing.T) {
	l := hollow(t, "other hands are to bring 1-31-0: it is waited for, held by name when it does not come, and judged when it does")
	before, gateways := l.snapshot(t, bindings()), l.gateways(t)
	args := moving("--await", "--version", newVersion, "--soak", "1s")

	held := l.rerig(t, append(args, "--ready-timeout", "5s")...)
	held.exits(t, exitHeld)
	held.says(t, "wait for revision 1-31-0, installed by another tool", "waiting for another tool to install revision 1-31-0",
		"InstallFailed", "no Deployment of istiod with istio.io/rev=1-31-0 in istio-system", "no MutatingWebhookConfiguration with istio.io/rev=1-31-0",
		"Install revision 1-31-0 with the tool that manages the mesh")
	l.snapshot(t, bindings()).ours().same(t, "waiting", before)
	l.phase(t, "Held")

	p := start(t, l.kubeconfig, append(args, "--ready-timeout", "10m")...)
	p.hears(t, "waiting for another tool", time.Minute)
	l.target(t, "")
	p.end(t, longest).exits(t, exitDone)
	l.stands(t, all(newRevision))
	l.gateways(t).same(t, "the gateways", gateways)
	l.phase(t, "Completed")

	l.rerig(t, back()...).exits(t, exitDone)
	l.stands(t, all(oldRevision))
}
