// SPDX-License-Identifier: Apache-2.0

package laws

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

var update = flag.Bool("update", false, "write generated pages")

// capability is a section of test/coverage.yaml.
type capability struct {
	Capability string        `json:"capability"`
	Rows       []coverageRow `json:"rows"`
}

type coverageRow struct {
	Case  string   `json:"case"`
	Does  string   `json:"does"`
	Tests []string `json:"tests"`
	State string   `json:"state"`
	Note  string   `json:"note,omitempty"`
}

const maxPhrase = 100 // characters of a cell

func readCoverage(t *testing.T) []capability {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root, "test", "coverage.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var all []capability
	if err := yaml.UnmarshalStrict(data, &all); err != nil {
		t.Fatalf("test/coverage.yaml: %v", err)
	}
	return all
}

var testFunction = regexp.MustCompile(`(?m)^func ([Tt]est\w+)\(`)

// testFolders returns the folder of each test function of the repository.
func testFolders(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	for path, text := range tree(t, "_test.go") {
		for _, m := range testFunction.FindAllStringSubmatch(text, -1) {
			if found[m[1]] != "test/stories" { // the highest level of a name that is used twice
				found[m[1]] = filepath.Dir(repositoryPath(path))
			}
		}
	}
	return found
}

// faults returns what is wrong with a row.
func (r coverageRow) faults(tests map[string]string) []string {
	var out []string
	if r.Case == "" || r.Does == "" {
		out = append(out, "case or does is empty")
	}
	for _, cell := range []string{r.Case, r.Does, r.Note} {
		if len(cell) > maxPhrase {
			out = append(out, fmt.Sprintf("%q has over %d characters", cell, maxPhrase))
		}
	}
	switch {
	case !slices.Contains([]string{"done", "partly", "not-yet"}, r.State):
		out = append(out, "state is "+r.State+", want done, partly or not-yet")
	case r.State != "done" && r.Note == "":
		out = append(out, "a state other than done needs a note")
	case r.State != "not-yet" && len(r.Tests) == 0:
		out = append(out, "it names no test")
	}
	for _, name := range r.Tests {
		if tests[name] == "" {
			out = append(out, "there is no test "+name)
		}
	}
	return out
}

func TestCoverageNamesRealTests(t *testing.T) {
	tests, named := testFolders(t), map[string]bool{}
	for _, c := range readCoverage(t) {
		for _, r := range c.Rows {
			for _, name := range r.Tests {
				named[name] = true
			}
			for _, fault := range r.faults(tests) {
				t.Errorf("test/coverage.yaml: %s: %s: %s", c.Capability, r.Case, fault)
			}
		}
	}
	for name, folder := range tests {
		if folder == "test/stories" && !strings.HasPrefix(name, "TestHarness") && name != "TestMain" && !named[name] {
			t.Errorf("test/coverage.yaml names no row for the story %s", name)
		}
	}
	page, err := os.ReadFile(filepath.Join(root, "docs", "contributing", "long-runs.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range regexp.MustCompile(`\bTest[A-Z]\w+`).FindAllString(string(page), -1) {
		if tests[name] == "" {
			t.Errorf("docs/contributing/long-runs.md names %s, which is no test", name)
		}
	}
}

// level is where a row's tests run.
func (r coverageRow) level(tests map[string]string) string {
	switch {
	case slices.ContainsFunc(r.Tests, func(name string) bool { return tests[name] == "test/stories" }):
		return "lab"
	case slices.ContainsFunc(r.Tests, func(name string) bool { return strings.HasPrefix(name, "test") }):
		return "API server"
	case len(r.Tests) > 0:
		return "unit"
	}
	return ""
}

// coveragePage renders docs/reference/coverage.md.
func coveragePage(all []capability, tests map[string]string) string {
	var b strings.Builder
	b.WriteString("# Coverage\n\n<!-- Generated from test/coverage.yaml by make generate. Do not edit. -->\n\n" +
		"What a mesh may hold and what a run may meet, and the tests that show it. *Tested* is the highest level:\n" +
		"on a lab with a real Kubernetes and two real Istios, against a real API server, or in unit tests.\n")
	for _, c := range all {
		fmt.Fprintf(&b, "\n## %s\n\n| case | what Rerig does | state | tested | tests |\n| --- | --- | --- | --- | --- |\n", c.Capability)
		for _, r := range c.Rows {
			state := r.State
			if r.Note != "" {
				state += "; " + r.Note
			}
			fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", r.Case, r.Does, state, cmp.Or(r.level(tests), "—"), strings.Join(r.Tests, ", "))
		}
	}
	return b.String()
}

// TestCoveragePage compares docs/reference/coverage.md with its data; -update writes it.
func TestCoveragePage(t *testing.T) {
	path := filepath.Join(root, "docs", "reference", "coverage.md")
	want := coveragePage(readCoverage(t), testFolders(t))
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Error("docs/reference/coverage.md is not what test/coverage.yaml says: run make generate")
	}
}

// TestCoverageFaults shows what the law refuses.
func TestCoverageFaults(t *testing.T) {
	tests := map[string]string{"TestA": "internal/a"}
	for _, c := range []struct {
		name string
		row  coverageRow
		want int
	}{
		{"good", coverageRow{Case: "a", Does: "b", Tests: []string{"TestA"}, State: "done"}, 0},
		{"not yet", coverageRow{Case: "a", Does: "b", State: "not-yet", Note: "why"}, 0},
		{"no such test", coverageRow{Case: "a", Does: "b", Tests: []string{"TestB"}, State: "done"}, 1},
		{"no test", coverageRow{Case: "a", Does: "b", State: "done"}, 1},
		{"partly without a note", coverageRow{Case: "a", Does: "b", Tests: []string{"TestA"}, State: "partly"}, 1},
		{"unknown state", coverageRow{Case: "a", Does: "b", Tests: []string{"TestA"}, State: "nearly"}, 1},
		{"a paragraph", coverageRow{Case: strings.Repeat("a", maxPhrase+1), Does: "b", Tests: []string{"TestA"}, State: "done"}, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := c.row.faults(tests); len(got) != c.want {
				t.Errorf("faults: got %q, want %d", got, c.want)
			}
		})
	}
}
