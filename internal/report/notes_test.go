// SPDX-License-Identifier: Apache-2.0

package report

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

var kindDeclared = regexp.MustCompile(`(?m)\bNoteKind = "([a-z-]+)"`)

// A note of a kind without a title would not be shown.
func TestEveryKindOfNoteIsShown(t *testing.T) {
	shown := map[string]bool{}
	for _, title := range titles {
		shown[string(title.kind)] = true
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
				t.Errorf("notes of kind %s (%s) have no title: they would not be shown", kind[1], file)
			}
		}
	}
	if declared < len(titles) {
		t.Errorf("%d kinds found, for %d titles: does the test still read them?", declared, len(titles))
	}
}
