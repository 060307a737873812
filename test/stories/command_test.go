// SPDX-License-Identifier: Apache-2.0

package stories

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// Exit codes of rerig.
const (
	exitDone        = 0
	exitHeld        = 3
	exitInterrupted = 130
)

// runTimeout is how long a run may take that nobody disturbs.
const runTimeout = 4 * time.Minute

// result is the outcome of a rerig command.
type result struct {
	code   int
	text   string // both outputs
	stdout string
	took   time.Duration
}

// start starts rerig with a kubeconfig. Its PATH has no istioctl.
func start(t *testing.T, kubeconfig string, args ...string) *process {
	t.Helper()
	return startProgram(t, rerigProgram(t), kubeconfig, args...)
}

// startProgram starts rerig of another version.
func startProgram(t *testing.T, program, kubeconfig string, args ...string) *process {
	t.Helper()
	env := []string{"PATH=/usr/bin:/bin", "HOME=" + t.TempDir(), "KUBECONFIG=" + kubeconfig}
	return startProcess(t, env, program, args...)
}

// end waits for the end of rerig and returns its outcome.
func (p *process) end(t *testing.T, within time.Duration) result {
	t.Helper()
	code := p.code(t, within)
	return result{code: code, text: p.text(), stdout: p.stdout(), took: p.took}
}

// rerig runs rerig on the lab and returns its outcome.
func (l *lab) rerig(t *testing.T, args ...string) result {
	t.Helper()
	return start(t, l.kubeconfig, args...).end(t, runTimeout)
}

// installArgs returns the arguments of an upgrade that installs the new revision.
func installArgs(t *testing.T, more ...string) []string {
	t.Helper()
	return slices.Concat([]string{"upgrade", "--to", newRevision, "--operator", operatorFile(t, newRevision),
		"--istioctl", istioctl(t, newVersion), "--yes", "--soak", "0s"}, more)
}

// rollbackArgs returns the arguments of a rollback.
func rollbackArgs(more ...string) []string { return slices.Concat([]string{"rollback", "--yes"}, more) }

// requireExit requires an exit code.
func (e result) requireExit(t *testing.T, code int) {
	t.Helper()
	if e.code != code {
		t.Fatalf("exit code %d, want %d; output:\n%s", e.code, code, e.text)
	}
}

// requireOutput requires these parts of the output. Line breaks and columns do not
// matter.
func (e result) requireOutput(t *testing.T, parts ...string) {
	t.Helper()
	out := unwrap(e.text)
	for _, part := range parts {
		if !strings.Contains(out, unwrap(part)) {
			t.Errorf("output lacks %q; output:\n%s", part, e.text)
		}
	}
}

// unwrap returns text without its line breaks and columns.
func unwrap(text string) string { return strings.Join(strings.Fields(text), " ") }
