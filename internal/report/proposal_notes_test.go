// SPDX-License-Identifier: Apache-2.0

package report

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

var kindDeclared = regexp.MustCompile(`(?m)\bNoteKind = "([a-z-]+)"`)

func TestEveryNoteKindHasASection(t *testing.T) {
	shown := map[string]bool{}
	for _, s := range noteSections {
		shown[string(s.kind)] = true
	}
	files, err := filepath.Glob("../step/*.go")
	if err != nil {
		t.Fatal(err)
	}
	declared := 0
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, kind := range kindDeclared.FindAllStringSubmatch(string(source), -1) {
			declared++
			if !shown[kind[1]] {
				t.Errorf("notes of kind %s (%s) have no section: they would not be shown", kind[1], file)
			}
		}
	}
	if declared < len(noteSections) {
		t.Errorf("%d kinds found, for %d sections: does the test still read them?", declared, len(noteSections))
	}
}
