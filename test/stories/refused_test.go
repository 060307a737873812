// SPDX-License-Identifier: Apache-2.0

package stories

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Exit codes of commands that are not carried out.
const (
	exitRefused = 1
	exitUsage   = 2
)

// refusal is a command that has to be refused, and its message.
type refusal struct {
	name string
	args []string
	code int
	says []string // parts of the message
	via  string   // another kubeconfig
}

// requireRefused runs commands. Each has to fail with one clear message, and to change
// nothing in the cluster.
func (l *lab) requireRefused(t *testing.T, refusals ...refusal) {
	t.Helper()
	before := l.snapshot(t, allFields())
	for _, r := range refusals {
		t.Run(r.name, func(t *testing.T) {
			via := r.via
			if via == "" {
				via = l.kubeconfig
			}
			e := start(t, via, r.args...).end(t, runTimeout)
			e.requireExit(t, r.code)
			e.requireOutput(t, r.says...)
			if n := strings.Count(e.text, "rerig: "); n != 1 {
				t.Errorf("%d messages, want one:\n%s", n, e.text)
			}
			if strings.Contains(e.text, "panic") || strings.Contains(e.text, "Usage:") {
				t.Errorf("that is no clear message:\n%s", e.text)
			}
			t.Log(strings.TrimSpace(e.text[strings.LastIndex(e.text, "rerig: "):]))
			after := l.snapshot(t, allFields())
			after.requireSame(t, r.name, before)
			before = after // report a change once
		})
	}
}

// tempFile writes a file and returns its path.
func tempFile(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "given.yaml")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// upgradeArgs returns the arguments of an upgrade with --yes.
func upgradeArgs(args ...string) []string { return slices.Concat([]string{"upgrade", "--yes"}, args) }
