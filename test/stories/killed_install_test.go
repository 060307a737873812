// SPDX-License-Identifier: Apache-2.0

package stories

import (
	"testing"
	"time"
)

// TestKilledWhileInstalling kills rerig once in the middle of the install: istioctl ends
// with it, and the next start repeats the install.
func TestKilledWhileInstalling(t *testing.T) {
	l := sharedLab(t, "killed in the middle of the install, it ends istioctl too, and the same command repeats the install")
	if kills := l.killDuringInstall(t, 15, 1000); kills != 1 {
		t.Errorf("got %d kills, want 1: does the gate still know istioctl?", kills)
	}
}

// TestInstallKilledAtEveryWrite kills rerig after each of istioctl's writes.
func TestInstallKilledAtEveryWrite(t *testing.T) {
	l := sharedLab(t, "killed after each write of the install, it ends istioctl too, and the same command repeats the install")
	if kills := l.killDuringInstall(t, 1, 1); kills < 10 {
		t.Errorf("got %d kills, want 10 at least: does the gate still know istioctl?", kills)
	}
}

// killDuringInstall kills an upgrade after istioctl's nth write, for each n from first
// in steps, until n is more than istioctl writes. It returns the number of kills.
func (l *lab) killDuringInstall(t *testing.T, first, step int) int {
	t.Helper()
	before := l.snapshot(t, bindingFields())
	gateways := l.gatewaySnapshot(t)
	g := newGate(t, l.config)
	args := installArgs(t, "--waves", "1", "--lease-duration", lease)
	kills := 0
	for nth := first; ; nth += step {
		began := time.Now()
		killed, e := g.runUntil(t, args, istioctlWrite(nth))
		requireNoProcess(t, g.kubeconfig)
		if killed == nil {
			e.requireExit(t, exitDone)
			break
		}
		kills++
		t.Logf("killed after write %d of istioctl, %s", nth, short(time.Since(began)))
		l.snapshot(t, bindingFields()).withoutTarget().requireSame(t, "an install that was killed", before)
	}
	l.requirePlacement(t, everywhere(newRevision))
	l.requireLabels(t, everywhere(newRevision))
	l.gatewaySnapshot(t).requireSame(t, "the gateways", gateways)
	l.requirePhase(t, "Completed")
	return kills
}
