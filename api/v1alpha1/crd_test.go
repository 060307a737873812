// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"
)

// openAPISchema is the part of an OpenAPI schema that names, types and describes fields.
type openAPISchema struct {
	Type        string
	Format      string
	Pattern     string
	Description string
	Properties  map[string]openAPISchema
	Items       *openAPISchema
	Required    []string
	Enum        []string
	Preserve    bool `json:"x-kubernetes-preserve-unknown-fields"`
}

type definition struct {
	Metadata struct{ Name string }
	Spec     struct {
		Group, Scope string
		Names        struct{ Kind, Plural string }
		Versions     []struct {
			Name                     string
			Subresources             map[string]any
			AdditionalPrinterColumns []struct{ Name string }
			Schema                   struct{ OpenAPIV3Schema openAPISchema }
		}
	}
}

func readCRD(t *testing.T) (d definition, root openAPISchema) {
	t.Helper()
	if err := yaml.Unmarshal(CRD, &d); err != nil {
		t.Fatal(err)
	}
	return d, d.Spec.Versions[0].Schema.OpenAPIV3Schema
}

func TestCRDNames(t *testing.T) {
	d, _ := readCRD(t)
	got := []string{d.Metadata.Name, d.Spec.Group, d.Spec.Scope, d.Spec.Names.Kind, d.Spec.Names.Plural, d.Spec.Versions[0].Name}
	want := []string{Resource + "." + Group, Group, "Cluster", Kind, Resource, Version}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
	var columns []string
	for _, c := range d.Spec.Versions[0].AdditionalPrinterColumns {
		columns = append(columns, c.Name)
	}
	if diff := cmp.Diff([]string{"Revision", "Phase", "Waves", "Message", "Age"}, columns); diff != "" {
		t.Errorf("columns (-want +got):\n%s", diff)
	}
	if _, ok := d.Spec.Versions[0].Subresources["status"]; !ok {
		t.Error("got no subresource status, want one")
	}
}

// The API server drops what the schema does not know.
func TestCRDHasTheFieldsOfTheTypes(t *testing.T) {
	_, root := readCRD(t)
	compareType(t, "spec", reflect.TypeFor[MeshUpgradeSpec](), root.Properties["spec"])
	compareType(t, "status", reflect.TypeFor[MeshUpgradeStatus](), root.Properties["status"])
	phases := []string{"Pending", "Upgrading", "Soaking", "Held", "RollingBack", "RolledBack", "Completed"}
	if diff := cmp.Diff(phases, root.Properties["status"].Properties["phase"].Enum); diff != "" {
		t.Errorf("phases (-want +got):\n%s", diff)
	}
}

// Descriptions, enums and required fields of the generated definition are those of
// the source.
func TestCRDIsGeneratedFromTheTypes(t *testing.T) {
	_, root := readCRD(t)
	types, docs := sourceTypes(t)
	if root.Description != docs["MeshUpgrade"] {
		t.Errorf("got the description %q, want %q: run make generate", root.Description, docs["MeshUpgrade"])
	}
	compareSource(t, types, "spec", "MeshUpgradeSpec", root.Properties["spec"])
	compareSource(t, types, "status", "MeshUpgradeStatus", root.Properties["status"])
}

func compareSource(t *testing.T, types map[string][]sourceField, path, typeName string, s openAPISchema) {
	t.Helper()
	var required []string
	for _, f := range types[typeName] {
		p := s.Properties[f.name]
		// Long lines of YAML are wrapped, so compare words.
		got, want := strings.Fields(p.Description), strings.Fields(f.doc)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s.%s: description (-want +got): run make generate\n%s", path, f.name, diff)
		}
		if want := f.enum(); want != nil && !slices.Equal(p.Enum, want) {
			t.Errorf("%s.%s: got values %v, want %v: run make generate", path, f.name, p.Enum, want)
		}
		if f.required {
			required = append(required, f.name)
		}
		if types[f.elem()] == nil {
			continue
		}
		if f.isList() {
			p = *p.Items
		}
		compareSource(t, types, path+"."+f.name, f.elem(), p)
	}
	if !slices.Equal(slices.Sorted(slices.Values(required)), s.Required) {
		t.Errorf("%s: got required fields %v, want %v: run make generate", path, s.Required, required)
	}
}

// The API server refuses a duration that a run could not read.
func TestCRDRefusesBadDurations(t *testing.T) {
	_, root := readCRD(t)
	for _, field := range []string{"readyTimeout", "soak"} {
		pattern := regexp.MustCompile(root.Properties["spec"].Properties[field].Pattern)
		for _, c := range []struct {
			value string
			want  bool
		}{{"10m0s", true}, {"0s", true}, {"1.5h", true}, {"abc", false}, {"10", false}, {"-5m", false}, {"", false}} {
			if got := pattern.MatchString(c.value); got != c.want {
				t.Errorf("%s %q: got accepted %t, want %t", field, c.value, got, c.want)
			}
		}
	}
}

// opaque are Go types that are written as one JSON value.
var opaque = map[reflect.Type]openAPISchema{
	reflect.TypeFor[metav1.Duration]():      {Type: "string"},
	reflect.TypeFor[metav1.Time]():          {Type: "string", Format: "date-time"},
	reflect.TypeFor[[]byte]():               {Type: "string", Format: "byte"},
	reflect.TypeFor[runtime.RawExtension](): {Type: "object", Preserve: true},
	reflect.TypeFor[time.Time]():            {Type: "string", Format: "date-time"},
}

var schemaTypes = map[reflect.Kind]string{
	reflect.String: "string", reflect.Bool: "boolean", reflect.Int: "integer", reflect.Int64: "integer",
	reflect.Struct: "object", reflect.Slice: "array", reflect.Map: "object",
}

func compareType(t *testing.T, path string, g reflect.Type, s openAPISchema) {
	t.Helper()
	if g.Kind() == reflect.Pointer {
		g = g.Elem()
	}
	want, known := opaque[g]
	if !known {
		want = openAPISchema{Type: schemaTypes[g.Kind()], Format: s.Format}
	}
	if s.Type != want.Type || s.Format != want.Format || s.Preserve != want.Preserve {
		t.Errorf("%s: got %s %s preserve=%t in the schema, want %s %s preserve=%t", path,
			s.Type, s.Format, s.Preserve, want.Type, want.Format, want.Preserve)
	}
	switch {
	case known:
	case g.Kind() == reflect.Slice && s.Items != nil:
		compareType(t, path+"[]", g.Elem(), *s.Items)
	case g.Kind() == reflect.Struct:
		fields := map[string]reflect.Type{}
		for field := range g.Fields() {
			name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			fields[name] = field.Type
		}
		if diff := cmp.Diff(slices.Sorted(maps.Keys(fields)), slices.Sorted(maps.Keys(s.Properties))); diff != "" {
			t.Errorf("fields of %s (-types +schema): run make generate\n%s", path, diff)
		}
		for name, field := range fields {
			compareType(t, path+"."+name, field, s.Properties[name])
		}
	}
}
