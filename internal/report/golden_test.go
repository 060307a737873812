// SPDX-License-Identifier: Apache-2.0

package report

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rerig/rerig/internal/report/format"
)

var update = flag.Bool("update", false, "update the golden files")

// fitsTerminal checks that a page has no line that a terminal of 80 columns would wrap, but for
// commands, which are not broken.
func fitsTerminal(t *testing.T, page string) {
	t.Helper()
	for line := range strings.Lines(page) {
		isCommand := strings.Contains(line, "`") || strings.HasPrefix(line, "rerig ") || strings.HasPrefix(line, "the same with --")
		if n := format.Width(strings.TrimSuffix(line, "\n")); n > 80 && !isCommand {
			t.Errorf("got %d columns, want at most 80: %s", n, line)
		}
	}
}

// golden compares text with testdata/name, or writes it there with -update.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}
