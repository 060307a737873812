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

// longest is how long a run may take that nobody disturbs.
const longest = 4 * time.Minute

// ended is a run of rerig that has come to its end.
type ended struct {
	code   int
	text   string // all that it said
	stdout string
	took   time.Duration
}

// start starts rerig with a kubeconfig. PATH has no istioctl.
func start(t *testing.T, kubeconfig string, args ...string) *process {
	t.Helper()
	env := []string{"PATH=/usr/bin:/bin", "HOME=" + t.TempDir(), "KUBECONFIG=" + kubeconfig}
	return startProcess(t, env, rerigProgram(t), args...)
}

// end waits for the end of a rerig that was started.
func (p *process) end(t *testing.T, within time.Duration) ended {
	t.Helper()
	code := p.code(t, within)
	return ended{code, p.text(), p.stdout(), p.took}
}

// rerig runs rerig on the lab to its end.
func (l *lab) rerig(t *testing.T, args ...string) ended {
	t.Helper()
	return start(t, l.kubeconfig, args...).end(t, longest)
}

// upgrading are the arguments of the upgrade that the stories make, and more.
func upgrading(t *testing.T, more ...string) []string {
	t.Helper()
	return slices.Concat([]string{"upgrade", "--to", newRevision, "--operator", operatorFile(t, newRevision),
		"--istioctl", istioctl(t, newVersion), "--yes", "--soak", "2s"}, more)
}

// back are the arguments of the way back.
func back(more ...string) []string { return slices.Concat([]string{"rollback", "--yes"}, more) }

// exits demands an exit code.
func (e ended) exits(t *testing.T, code int) {
	t.Helper()
	if e.code != code {
		t.Fatalf("exit code %d, want %d; it said:\n%s", e.code, code, e.text)
	}
}

// says demands that each of these was said. Lines may have been folded.
func (e ended) says(t *testing.T, parts ...string) {
	t.Helper()
	said := unfolded(e.text)
	for _, part := range parts {
		if !strings.Contains(said, unfolded(part)) {
			t.Errorf("it did not say %q; it said:\n%s", part, e.text)
		}
	}
}

// unfolded is text without its line breaks and columns.
func unfolded(text string) string { return strings.Join(strings.Fields(text), " ") }
