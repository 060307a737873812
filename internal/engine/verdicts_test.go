// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// A verdict that the run gives by itself bears a name that somebody can look up.
func TestEveryVerdictOfTheRunHasItsHeading(t *testing.T) {
	page, err := os.ReadFile("../../docs/checks.md")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	named, found := regexp.MustCompile(`verify\.Verdict\{Check: "([^"]+)"`), 0
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		code, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range named.FindAllStringSubmatch(string(code), -1) {
			if found++; !strings.Contains(string(page), "\n## "+m[1]+"\n") {
				t.Errorf("%s gives a verdict %s, which has no heading in docs/checks.md", file, m[1])
			}
		}
	}
	if found == 0 {
		t.Error("no verdict was found: they are written otherwise now")
	}
}
