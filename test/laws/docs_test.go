// SPDX-License-Identifier: Apache-2.0

package laws

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// pages returns the repository's Markdown files by path.
func pages(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	for path, text := range tree(t, ".md") {
		if !strings.Contains(path, "/testdata/") {
			found[path] = text
		}
	}
	return found
}

// tree reads every file of the repository whose name has a suffix.
func tree(t *testing.T, suffix string) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == ".git" || d.Name() == "bin" || d.Name() == "dist"):
			return fs.SkipDir
		case d.IsDir() || !strings.HasSuffix(path, suffix):
			return nil
		}
		text, err := os.ReadFile(path)
		found[path] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

var (
	link        = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading     = regexp.MustCompile(`(?m)^#+ (.+)$`)
	notInAnchor = regexp.MustCompile("[^a-z0-9 _-]")
)

// anchors returns the link targets of a page's headings.
func anchors(page string) map[string]bool {
	names := map[string]bool{}
	for _, h := range heading.FindAllStringSubmatch(page, -1) {
		names[strings.ReplaceAll(notInAnchor.ReplaceAllString(strings.ToLower(h[1]), ""), " ", "-")] = true
	}
	return names
}

// TestLinksResolve checks that links within the repository lead to files and headings.
func TestLinksResolve(t *testing.T) {
	all := pages(t)
	for path, text := range all {
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			if strings.Contains(m[1], "://") || strings.HasPrefix(m[1], "mailto:") {
				continue
			}
			file, anchor, _ := strings.Cut(m[1], "#")
			to := path
			if file != "" {
				to = filepath.Join(filepath.Dir(path), file)
			}
			if _, err := os.Stat(to); err != nil {
				t.Errorf("%s links to %s, which does not exist", path, m[1])
			} else if anchor != "" && !anchors(all[to])[anchor] {
				t.Errorf("%s links to %s: there is no such heading", path, m[1])
			}
		}
	}
}

var holdReason = regexp.MustCompile(`Reason\w+\s*=\s*"(\w+)"`)

// TestHoldReasonsAreDocumented compares the API's hold reasons with the headings of
// docs/tasks/troubleshooting.md.
func TestHoldReasonsAreDocumented(t *testing.T) {
	page, err := os.ReadFile(filepath.Join(root, "docs", "tasks", "troubleshooting.md"))
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for path, text := range tree(t, ".go") {
		if !within(repositoryPath(path), "api/v1alpha1") {
			continue
		}
		for _, m := range holdReason.FindAllStringSubmatch(text, -1) {
			found++
			if !strings.Contains(string(page), "\n### "+m[1]+"\n") {
				t.Errorf("docs/tasks/troubleshooting.md has no section %s", m[1])
			}
		}
	}
	if found < 7 {
		t.Errorf("found %d hold reasons in api/v1alpha1, want at least 7", found)
	}
}

// TestDecisionsAreNumbered checks that each decision has a number of its own, in its name and title.
func TestDecisionsAreNumbered(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(root, "docs", "decisions", "*.md"))
	if err != nil || len(files) == 0 {
		t.Fatalf("got %d decisions, %v", len(files), err)
	}
	seen := map[int]string{}
	for _, path := range files {
		name := filepath.Base(path)
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var inName, inTitle int
		if _, err := fmt.Sscanf(name, "%04d-", &inName); err != nil {
			t.Errorf("%s: its name has no number: %v", name, err)
		}
		if _, err := fmt.Sscanf(string(text), "# %d.", &inTitle); err != nil || inTitle != inName {
			t.Errorf("%s: got number %d in the title, want %d", name, inTitle, inName)
		}
		if seen[inName] != "" {
			t.Errorf("%s and %s have the same number", seen[inName], name)
		}
		seen[inName] = name
	}
}

// TestPagesAreReachable follows links from README.md to every page of docs. A link to a folder
// leads to all pages in it.
func TestPagesAreReachable(t *testing.T) {
	all := pages(t)
	reached := map[string]bool{}
	open := []string{filepath.Join(root, "README.md")}
	for len(open) > 0 {
		page := open[0]
		open = open[1:]
		if reached[page] {
			continue
		}
		reached[page] = true
		for _, m := range link.FindAllStringSubmatch(all[page], -1) {
			file, _, _ := strings.Cut(m[1], "#")
			target := filepath.Join(filepath.Dir(page), file)
			for path := range all {
				if path == target || filepath.Dir(path) == target {
					open = append(open, path)
				}
			}
		}
	}
	for path := range all {
		if within(repositoryPath(path), "docs") && !reached[path] {
			t.Errorf("no link leads from README.md to %s", path)
		}
	}
}
