// SPDX-License-Identifier: Apache-2.0

package stories

import (
	"testing"
	"time"
)

// TestAnotherToolInstallsTheRevision waits for a control plane that another tool
// installs.
func TestAnotherToolInstallsTheRevision(t *testing.T) {
	l := sharedLab(t, "another tool installs 1-31-0: the run waits for it, holds when it does not come, and validates it when it does; "+
		"what it loses is approved")
	before, gateways := l.snapshot(t, bindingFields()), l.gatewaySnapshot(t)
	args := upgradeArgs("--await", "--version", newVersion, "--soak", "0s", "--waves", "1")

	held := l.rerig(t, append(args, "--ready-timeout", "5s")...)
	held.requireExit(t, exitHeld)
	held.requireOutput(t, "wait for revision 1-31-0, installed by another tool", "waiting for another tool to install revision 1-31-0",
		"InstallFailed", "no Deployment of istiod with istio.io/rev=1-31-0 in istio-system",
		"no MutatingWebhookConfiguration with istio.io/rev=1-31-0",
		"Install revision 1-31-0 with the tool that manages the mesh")
	l.snapshot(t, bindingFields()).withoutTarget().requireSame(t, "waiting", before)
	l.requirePhase(t, "Held")

	p := start(t, l.kubeconfig, append(args, "--ready-timeout", "10m")...)
	p.waitOutput(t, "waiting for another tool", time.Minute)
	l.installTarget(t, "")
	lost := p.end(t, runTimeout)
	lost.requireExit(t, exitHeld)
	lost.requireOutput(t, "CheckFailed", "revision 1-31-0 loses settings of the revision that it replaces (1-29-1)",
		"meshConfig.accessLogFile")
	l.requirePlacement(t, everywhere(oldRevision))
	accepted := l.rerig(t, append(args, "--ready-timeout", "10m")...)
	accepted.requireExit(t, exitDone)
	accepted.requireOutput(t, "Settings that the new control plane loses", "meshConfig.accessLogFile /dev/stdout -> (not set)")
	l.requirePlacement(t, everywhere(newRevision))
	l.gatewaySnapshot(t).requireSame(t, "the gateways", gateways)
	l.requirePhase(t, "Completed")

	l.rerig(t, rollbackArgs()...).requireExit(t, exitDone)
	l.requirePlacement(t, everywhere(oldRevision))
}
