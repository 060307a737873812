// SPDX-License-Identifier: Apache-2.0

package laws

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// retiredWord is a row of retired_words.yaml.
type retiredWord struct {
	Text   string `json:"text,omitempty"`
	Name   string `json:"name,omitempty"`
	Both   string `json:"both,omitempty"`
	Except string `json:"except,omitempty"`
	Use    string `json:"use"`

	text, name, except *regexp.Regexp
}

// wordException is a place where a retired word is right.
type wordException struct {
	File string `json:"file"`
	Text string `json:"text"`
	Why  string `json:"why"`

	text *regexp.Regexp
}

type wordLaw struct {
	Words      []retiredWord   `json:"words"`
	Exceptions []wordException `json:"exceptions"`
	Unclean    []string        `json:"unclean"`
}

func readWordLaw(t *testing.T) wordLaw {
	t.Helper()
	data, err := os.ReadFile("retired_words.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var law wordLaw
	if err := yaml.UnmarshalStrict(data, &law); err != nil {
		t.Fatalf("retired_words.yaml: %v", err)
	}
	pattern := func(parts ...string) *regexp.Regexp {
		parts = slices.DeleteFunc(parts, func(s string) bool { return s == "" })
		if len(parts) == 0 {
			return nil
		}
		return regexp.MustCompile("(?i)" + strings.Join(parts, "|"))
	}
	for i := range law.Words {
		w := &law.Words[i]
		w.text, w.name, w.except = pattern(w.Text, w.Both), pattern(w.Name, w.Both), pattern(w.Except)
	}
	for i := range law.Exceptions {
		law.Exceptions[i].text = pattern(law.Exceptions[i].Text)
	}
	return law
}

// find returns the retired words of one phrase, each with what to use.
func (l wordLaw) find(p phrase) []string {
	if slices.ContainsFunc(l.Exceptions, func(e wordException) bool {
		return strings.HasPrefix(p.file, e.File) && e.text.MatchString(p.text)
	}) {
		return nil
	}
	var found []string
	for _, w := range l.Words {
		re := w.text
		if p.name {
			re = w.name
		}
		if re == nil {
			continue
		}
		for _, m := range re.FindAllStringIndex(p.text, -1) {
			around := p.text[max(0, m[0]-40):min(len(p.text), m[1]+40)]
			if w.except == nil || !w.except.MatchString(around) {
				found = append(found, fmt.Sprintf("%q → %s", p.text[m[0]:m[1]], w.Use))
			}
		}
	}
	return found
}

func (l wordLaw) unclean(file string) bool {
	return slices.ContainsFunc(l.Unclean, func(prefix string) bool { return within(file, prefix) })
}

// TestRetiredWords reads names, comments, string literals and Markdown prose. Violations in
// packages that are still to be cleaned are only counted. RETIRED_WORDS=PATH lists those below a
// path, RETIRED_WORDS=. all of them.
func TestRetiredWords(t *testing.T) {
	law := readWordLaw(t)
	wanted, counts := os.Getenv("RETIRED_WORDS"), map[string]int{}
	for _, p := range phrases(t) {
		for _, f := range law.find(p) {
			line := fmt.Sprintf("%s:%d: %s   in: %s", p.file, p.line, f, excerpt(p.text))
			switch {
			case !law.unclean(p.file):
				t.Error(line)
			case wanted == "." || wanted != "" && within(p.file, strings.TrimSuffix(wanted, "/")):
				t.Log(line)
			}
			counts[folderOf(p.file)]++
		}
	}
	for _, folder := range slices.SortedFunc(maps.Keys(counts), cmp.Compare) {
		t.Logf("%5d retired words in %s", counts[folder], folder)
	}
	for _, prefix := range law.Unclean {
		dirty := slices.ContainsFunc(slices.Collect(maps.Keys(counts)), func(f string) bool { return within(f, prefix) })
		if !dirty {
			t.Logf("%s is clean: remove it from the list in retired_words.yaml", prefix)
		}
	}
}

func excerpt(s string) string {
	if r := []rune(s); len(r) > 110 {
		return string(r[:110]) + "…"
	}
	return s
}

// folderOf is a Go file's folder, and of other files the file itself.
func folderOf(file string) string {
	if i := strings.LastIndex(file, "/"); i >= 0 && strings.HasSuffix(file, ".go") {
		return file[:i]
	}
	return file
}

// TestRetiredWordsAreFound shows what the law refuses and what it lets pass.
func TestRetiredWordsAreFound(t *testing.T) {
	law := readWordLaw(t)
	for _, c := range []struct {
		name   string
		phrase phrase
		want   int
	}{
		{"comment", phrase{text: "Foo takes it away and makes it anew."}, 2},
		{"identifier", phrase{text: splitName("WayBack"), name: true}, 2},
		{"acronym", phrase{text: splitName("HTTPProof"), name: true}, 1},
		{"part of a word", phrase{text: "improved timestamps"}, 0},
		{"numbers", phrase{text: "a whole number of seconds"}, 0},
		{"idiom", phrase{text: "of course, either way"}, 0},
		{"Kubernetes' admission", phrase{text: "the admission webhook admits the pod"}, 0},
		{"a control plane", phrase{text: "the control plane is admitted"}, 1},
		{"an exception", phrase{file: "docs/concepts/glossary.md", text: "| anew | again |"}, 0},
		{"not an exception", phrase{file: "docs/concepts/glossary.md", text: "It is made anew."}, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := law.find(c.phrase); len(got) != c.want {
				t.Errorf("%q: got %q, want %d", c.phrase.text, got, c.want)
			}
		})
	}
}
