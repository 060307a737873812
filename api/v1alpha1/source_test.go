// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	"go/ast"
	"go/parser"
	"go/token"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// sourceField is a field of an API type as its source declares it.
type sourceField struct {
	name     string // in JSON
	typeName string // such as []Wave or *metav1.Duration
	doc      string
	markers  []string // kubebuilder markers, without the prefix
	required bool
}

// marker returns the value of a kubebuilder validation marker, "" if there is none.
func (f sourceField) marker(name string) string {
	for _, m := range f.markers {
		if value, ok := strings.CutPrefix(m, name+"="); ok {
			return value
		}
	}
	return ""
}

// sourceTypes reads the fields of the API types, by type, in the order of the
// source, and the doc comments of the types.
func sourceTypes(t *testing.T) (fields map[string][]sourceField, docs map[string]string) {
	t.Helper()
	fields, docs = map[string][]sourceField{}, map[string]string{}
	for _, name := range []string{"meshupgrade.go", "status.go"} {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			group, ok := d.(*ast.GenDecl)
			if !ok || group.Tok != token.TYPE {
				continue
			}
			typ := group.Specs[0].(*ast.TypeSpec)
			docs[typ.Name.Name], _ = docText(group.Doc)
			if s, ok := typ.Type.(*ast.StructType); ok {
				fields[typ.Name.Name] = structFields(s)
			}
		}
	}
	return fields, docs
}

func structFields(s *ast.StructType) []sourceField {
	var fields []sourceField
	for _, f := range s.Fields.List {
		tag := reflect.StructTag(strings.Trim(f.Tag.Value, "`")).Get("json")
		name, options, _ := strings.Cut(tag, ",")
		if name == "" {
			continue
		}
		doc, markers := docText(f.Doc)
		fields = append(fields, sourceField{
			name: name, typeName: typeText(f.Type), doc: doc, markers: markers, required: !strings.Contains(options, "omitempty"),
		})
	}
	return fields
}

// docText splits a doc comment into its text, as controller-gen writes it, and its
// markers.
func docText(c *ast.CommentGroup) (text string, markers []string) {
	if c == nil {
		return "", nil
	}
	var lines []string
	for _, line := range strings.Split(strings.TrimSpace(c.Text()), "\n") {
		if marker, ok := strings.CutPrefix(line, "+"); ok {
			markers = append(markers, strings.TrimPrefix(marker, "kubebuilder:validation:"))
			continue
		}
		lines = append(lines, line)
	}
	return strings.TrimSpace(strings.Join(lines, "\n")), markers
}

func typeText(e ast.Expr) string {
	switch x := e.(type) {
	case *ast.Ident:
		return x.Name
	case *ast.StarExpr:
		return "*" + typeText(x.X)
	case *ast.ArrayType:
		return "[]" + typeText(x.Elt)
	case *ast.SelectorExpr:
		return typeText(x.X) + "." + x.Sel.Name
	}
	return "?"
}

// former reports whether a field is one that only version 0.1 wrote.
func (f sourceField) former() bool { return strings.Contains(f.doc, "in version 0.1") }

// elem returns the name of a field's own type, without pointers and slices.
func (f sourceField) elem() string { return strings.TrimLeft(f.typeName, "*[]") }

// isList reports whether a field is a list.
func (f sourceField) isList() bool {
	return strings.HasPrefix(f.typeName, "[]") && f.typeName != "[]byte"
}

// enum returns the values that a field takes, nil for any.
func (f sourceField) enum() []string {
	if values := f.marker("Enum"); values != "" {
		return strings.Split(values, ";")
	}
	return nil
}

// Fields that are only read follow those that users set.
func TestFormerFieldsComeLast(t *testing.T) {
	fields, _ := sourceTypes(t)
	for name, list := range fields {
		first := slices.IndexFunc(list, sourceField.former)
		if first >= 0 && slices.ContainsFunc(list[first:], func(f sourceField) bool { return !f.former() }) {
			t.Errorf("%s: a field follows one that only version 0.1 wrote", name)
		}
	}
}
