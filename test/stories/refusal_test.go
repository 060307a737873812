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

// refusal is a command that must not be carried out, and what is to be said of it.
type refusal struct {
	name string
	args []string
	code int
	says []string // what was being done, what was found, what to do
	via  string   // a kubeconfig of its own
}

// refused runs the commands and demands of each a non-zero exit, one clear
// message, and that nothing in the cluster has changed.
func (l *lab) refused(t *testing.T, refusals ...refusal) {
	t.Helper()
	before := l.snapshot(t, everything())
	for _, r := range refusals {
		t.Run(r.name, func(t *testing.T) {
			via := r.via
			if via == "" {
				via = l.kubeconfig
			}
			e := start(t, via, r.args...).end(t, longest)
			e.exits(t, r.code)
			e.says(t, r.says...)
			if n := strings.Count(e.text, "rerig: "); n != 1 {
				t.Errorf("%d messages, want one:\n%s", n, e.text)
			}
			if strings.Contains(e.text, "panic") || strings.Contains(e.text, "Usage:") {
				t.Errorf("that is no clear message:\n%s", e.text)
			}
			t.Log(strings.TrimSpace(e.text[strings.LastIndex(e.text, "rerig: "):]))
			after := l.snapshot(t, everything())
			after.same(t, r.name, before)
			before = after // one that changed something is blamed once
		})
	}
}

// file writes a file for a command line and returns its path.
func file(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "given.yaml")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// moving is an upgrade to the new revision, with yes and these arguments.
func moving(args ...string) []string { return slices.Concat([]string{"upgrade", "--yes"}, args) }
