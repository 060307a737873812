// SPDX-License-Identifier: Apache-2.0

package stories

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// previousVersion is the commit of the version before this one.
const previousVersion = "5754fa331e893c2189ac1a4a38a1fb82ba709515"

// TestPreviousVersionIsContinued starts runs with the previous version, kills it, and
// continues with this one: an upgrade is completed and rolled back, a swap is rolled
// back.
func TestPreviousVersionIsContinued(t *testing.T) {
	l := sharedLab(t, "an upgrade that the previous version started is completed and rolled back by this one; a swap that it started is "+
		"rolled back")
	previous := buildPrevious(t)
	before, gateways := l.snapshot(t, bindingFields()), l.gatewaySnapshot(t)
	args := installArgs(t, "--soak", "0s", "--lease-duration", lease)

	g := newGate(t, l.config)
	pause := g.pauseAt(t, labelOf("shop-core"))
	p := startProgram(t, previous, g.kubeconfig, args...)
	pause.waitReached(t, p)
	p.kill()
	pause.proceed()
	p.end(t, time.Minute)
	moved := l.rerig(t, args...)
	moved.requireExit(t, exitDone)
	moved.requireOutput(t, "Run to-1-31-0 is complete")
	l.requirePlacement(t, everywhere(newRevision))
	l.requireLabels(t, everywhere(newRevision))
	l.gatewaySnapshot(t).requireSame(t, "the gateways after the upgrade", gateways)
	l.requirePhase(t, "Completed")

	l.rerig(t, rollbackArgs()...).requireExit(t, exitDone)
	l.snapshot(t, bindingFields()).withoutTarget().withoutRestarts(t).requireSame(t, "upgrade and rollback",
		before.withoutTarget().withoutRestarts(t))
	l.requirePlacement(t, everywhere(oldRevision))
	l.requireLabels(t, everywhere(oldRevision))
	l.gatewaySnapshot(t).requireSame(t, "the gateways after the rollback", gateways)
	l.requirePhase(t, "RolledBack")

	l.deleteRecords(t)
	s := l.createSwapApp(t)
	serving := s.serving(t)
	former := s.upgradeArgs("--soak", "30m")
	former[slices.Index(former, "--strategy")] = "--way"
	s.parkPodsWith(t, previous, "soaks until", former)
	l.waitLeaseExpired(t)
	s.rollBackTo(t, "rollback of a swap that the previous version began", serving)
	l.requirePhase(t, "RolledBack")
}

// buildPrevious builds rerig of the previous version and returns its path.
func buildPrevious(t *testing.T) string {
	t.Helper()
	if output, err := exec.CommandContext(t.Context(), "git", "-C", root, "cat-file", "-e",
		previousVersion+"^{commit}").CombinedOutput(); err != nil {
		t.Fatalf("find the previous version: this clone has no commit %s: %v\n%sFetch the complete history: git fetch --unshallow",
			previousVersion, err, output)
	}
	source := t.TempDir()
	archive := filepath.Join(source, "source.tar")
	output(t, nil, "git", "-C", root, "archive", "--output", archive, previousVersion)
	output(t, nil, "tar", "-x", "-f", archive, "-C", source)
	program := filepath.Join(source, "rerig")
	build := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-buildvcs=false", "-o", program, "./cmd/rerig")
	build.Dir, build.Env = source, append(os.Environ(), "CGO_ENABLED=0")
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the previous version: %v\n%s", err, output)
	}
	return program
}
