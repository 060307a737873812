// SPDX-License-Identifier: Apache-2.0

package laws

import (
	"cmp"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"
)

// phrase is a piece of text that a person reads: a line of a comment, of a string literal or of
// prose, or (name) an identifier or a file name, split into words.
type phrase struct {
	file string
	line int
	text string
	name bool
}

// phrases reads every Go file and every page of the repository.
func phrases(t *testing.T) []phrase {
	t.Helper()
	var all []phrase
	for path, text := range tree(t, ".go") {
		file := repositoryPath(path)
		if strings.Contains(file, "/testdata/") {
			continue
		}
		found, err := goPhrases(file, text)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, found...)
	}
	for path, text := range pages(t) {
		all = append(all, markdownPhrases(repositoryPath(path), text)...)
	}
	sortPhrases(all)
	return all
}

func repositoryPath(path string) string {
	rel, err := filepath.Rel(root, path)
	if err != nil {
		return path
	}
	return filepath.ToSlash(rel)
}

// goPhrases returns comments, declared names and string literals.
func goPhrases(file, text string) ([]phrase, error) {
	if generatedCode.MatchString(text) {
		return nil, nil
	}
	set := token.NewFileSet()
	parsed, err := parser.ParseFile(set, file, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	found := []phrase{{file: file, line: 1, text: fileWords(file), name: true}}
	add := func(pos token.Pos, text string, name bool) {
		line := set.Position(pos).Line
		for i, l := range strings.Split(text, "\n") {
			found = append(found, phrase{file: file, line: line + i, text: strings.TrimSpace(l), name: name})
		}
	}
	for _, g := range parsed.Comments {
		for _, c := range g.List {
			if !directive.MatchString(c.Text) {
				add(c.Pos(), strings.TrimPrefix(c.Text, "//"), false)
			}
		}
	}
	names := func(ids ...*ast.Ident) {
		for _, id := range ids {
			add(id.Pos(), splitName(id.Name), true)
		}
	}
	ast.Inspect(parsed, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ImportSpec:
			return false
		case *ast.FuncDecl:
			names(n.Name)
		case *ast.TypeSpec:
			names(n.Name)
		case *ast.ValueSpec:
			names(n.Names...)
		case *ast.AssignStmt:
			if n.Tok == token.DEFINE {
				for _, e := range n.Lhs {
					if id, ok := e.(*ast.Ident); ok {
						names(id)
					}
				}
			}
		case *ast.Field:
			names(n.Names...)
			n.Tag = nil
		case *ast.BasicLit:
			if n.Kind == token.STRING {
				if s, err := strconv.Unquote(n.Value); err == nil {
					add(n.Pos(), s, false)
				}
			}
		}
		return true
	})
	return found, nil
}

var (
	generatedCode = regexp.MustCompile(`(?m)^// Code generated .* DO NOT EDIT\.$`)
	directive     = regexp.MustCompile(`^//(go:|nolint|\+| SPDX)`)
	inlineCode    = regexp.MustCompile("`[^`]*`")
	linkTarget    = regexp.MustCompile(`\]\([^)]*\)`)
)

// markdownPhrases returns the lines of a page without fenced blocks, inline code and link targets.
func markdownPhrases(file, text string) []phrase {
	found := []phrase{{file: file, line: 1, text: fileWords(file), name: true}}
	fenced := false
	for i, line := range strings.Split(text, "\n") {
		if strings.HasPrefix(strings.TrimSpace(line), "```") {
			fenced = !fenced
			continue
		}
		if !fenced {
			line = linkTarget.ReplaceAllString(inlineCode.ReplaceAllString(line, "…"), "]")
			found = append(found, phrase{file: file, line: i + 1, text: strings.TrimSpace(line)})
		}
	}
	return found
}

func fileWords(file string) string {
	base := filepath.Base(file)
	return strings.NewReplacer("_", " ", "-", " ", ".", " ").Replace(strings.TrimSuffix(base, filepath.Ext(base)))
}

// splitName turns an identifier into its words: HTTPServer into "http server".
func splitName(name string) string {
	runes := []rune(name)
	var out []rune
	for i, r := range runes {
		upper := unicode.IsUpper(r)
		afterLower := i > 0 && !unicode.IsUpper(runes[i-1])
		beforeLower := i+1 < len(runes) && unicode.IsLower(runes[i+1])
		if r == '_' || upper && i > 0 && (afterLower || beforeLower) {
			out = append(out, ' ')
		}
		if r != '_' {
			out = append(out, unicode.ToLower(r))
		}
	}
	return string(out)
}

func sortPhrases(all []phrase) {
	slices.SortStableFunc(all, func(a, b phrase) int { return cmp.Or(cmp.Compare(a.file, b.file), cmp.Compare(a.line, b.line)) })
}

// TestPhrasesOfAFile shows what is read of a Go file and of a page.
func TestPhrasesOfAFile(t *testing.T) {
	const source = "package p\n\nimport \"anew\"\n\n// A comment.\n//go:noinline\n" +
		"func DoIt(anArg int) {\n\tlocal := \"a\\nb\"\n\t_ = local\n}\n\n" +
		"type T struct {\n\tField int `json:\"tag\"`\n}\n"
	got, err := goPhrases("internal/p/some_file.go", source)
	if err != nil {
		t.Fatal(err)
	}
	want := "some file|a comment.|do it|an arg|local|a|b|t|field"
	var words []string
	for _, p := range got {
		words = append(words, strings.ToLower(p.text))
	}
	for _, w := range strings.Split(want, "|") {
		if !slices.Contains(words, w) {
			t.Errorf("got %q, want %q among them", words, w)
		}
	}
	for _, p := range append(got, markdownPhrases("docs/a.md", "Prose `code` [text](target.md).\n\n```\nfenced\n```\n")...) {
		for _, not := range []string{"anew", "noinline", "tag", "code", "target", "fenced"} {
			if strings.Contains(p.text, not) {
				t.Errorf("got %q, want no %q", p.text, not)
			}
		}
	}
}
