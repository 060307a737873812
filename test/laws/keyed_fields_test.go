// SPDX-License-Identifier: Apache-2.0

package laws

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"strings"
	"testing"
)

// maxUnkeyed is how many fields a literal of a struct may set without their names.
const maxUnkeyed = 2

// parsedFiles parses the Go files of the repository without its tests, by their paths.
func parsedFiles(t *testing.T, sources map[string]string) (map[string]*ast.File, *token.FileSet) {
	t.Helper()
	set, files := token.NewFileSet(), map[string]*ast.File{}
	for p, text := range sources {
		if strings.HasSuffix(p, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(set, p, text, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		files[p] = file
	}
	return files, set
}

// structNames returns the structs that files declare, as PACKAGE.NAME.
func structNames(files map[string]*ast.File) map[string]bool {
	names := map[string]bool{}
	for _, file := range files {
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.TypeSpec)
			if !ok {
				return true
			}
			if _, ok := spec.Type.(*ast.StructType); ok {
				names[file.Name.Name+"."+spec.Name.Name] = true
			}
			return true
		})
	}
	return names
}

// qualified returns a type's name as PACKAGE.NAME, "" for one without a name.
func qualified(pkg string, typ ast.Expr) string {
	switch x := typ.(type) {
	case *ast.Ident:
		return pkg + "." + x.Name
	case *ast.SelectorExpr:
		if from, ok := x.X.(*ast.Ident); ok {
			return from.Name + "." + x.Sel.Name
		}
	case *ast.StarExpr:
		return qualified(pkg, x.X)
	}
	return ""
}

// elementType returns the type of the elements of a slice, an array or a map.
func elementType(typ ast.Expr) ast.Expr {
	switch x := typ.(type) {
	case *ast.ArrayType:
		return x.Elt
	case *ast.MapType:
		return x.Value
	}
	return nil
}

// unkeyedLiterals returns the places of literals of structs with too many fields
// without a name.
func unkeyedLiterals(files map[string]*ast.File, set *token.FileSet) []string {
	var found []string
	structs := structNames(files)
	for _, file := range files {
		check := func(literal *ast.CompositeLit, typ ast.Expr) {
			if len(literal.Elts) <= maxUnkeyed || !structs[qualified(file.Name.Name, typ)] {
				return
			}
			if _, keyed := literal.Elts[0].(*ast.KeyValueExpr); !keyed {
				at := set.Position(literal.Pos())
				found = append(found, fmt.Sprintf("%s:%d", repositoryPath(at.Filename), at.Line))
			}
		}
		ast.Inspect(file, func(n ast.Node) bool {
			literal, ok := n.(*ast.CompositeLit)
			if !ok {
				return true
			}
			check(literal, literal.Type)
			for _, element := range literal.Elts {
				if pair, ok := element.(*ast.KeyValueExpr); ok {
					element = pair.Value
				}
				if inner, ok := element.(*ast.CompositeLit); ok && inner.Type == nil {
					check(inner, elementType(literal.Type))
				}
			}
			return true
		})
	}
	return found
}

func TestFieldsOfStructsAreKeyed(t *testing.T) {
	files, set := parsedFiles(t, tree(t, ".go"))
	for _, place := range unkeyedLiterals(files, set) {
		t.Errorf("%s: want names of the fields in a literal with more than %d", place, maxUnkeyed)
	}
}

// TestUnkeyedFieldsAreFound shows which literals that law refuses.
func TestUnkeyedFieldsAreFound(t *testing.T) {
	const types = "package a\ntype three struct{ x, y, z int }\ntype list []int\n"
	for _, c := range []struct {
		name, text string
		want       int
	}{
		{"three", "var v = three{1, 2, 3}", 1},
		{"a pointer", "var v = &three{1, 2, 3}", 1},
		{"elements of a slice", "var v = []three{{1, 2, 3}, {4, 5, 6}}", 2},
		{"values of a map", "var v = map[string]*three{\"a\": {1, 2, 3}}", 1},
		{"keyed", "var v = three{x: 1, y: 2, z: 3}", 0},
		{"a list", "var v = list{1, 2, 3}", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			files, set := parsedFiles(t, map[string]string{root + "/a.go": types + c.text})
			if got := unkeyedLiterals(files, set); len(got) != c.want {
				t.Errorf("got %v, want %d", got, c.want)
			}
		})
	}
}
