// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Verdicts get their names from verify, where each name has a heading in
// docs/reference/checks.md.
func TestVerdictNamesComeFromVerify(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		code, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(code), `Check: `+`"`) {
			t.Errorf("%s names a check by a literal", file)
		}
	}
}
