// SPDX-License-Identifier: Apache-2.0

package record

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

	"github.com/rerig/rerig/api/v1alpha1"
)

// structure is the part of an OpenAPI schema that names and types fields.
type structure struct {
	Type       string
	Format     string
	Pattern    string
	Properties map[string]structure
	Items      *structure
	Required   []string
	Enum       []string
}

func written(t *testing.T) (definition struct {
	Metadata struct{ Name string }
	Spec     struct {
		Group, Scope string
		Names        struct{ Kind, Plural string }
		Versions     []struct {
			Name                     string
			Subresources             map[string]any
			AdditionalPrinterColumns []struct{ Name string }
			Schema                   struct{ OpenAPIV3Schema structure }
		}
	}
}) {
	t.Helper()
	if err := yaml.Unmarshal(Definition(), &definition); err != nil {
		t.Fatal(err)
	}
	return definition
}

func TestDefinitionNames(t *testing.T) {
	d := written(t)
	got := []string{d.Metadata.Name, d.Spec.Group, d.Spec.Scope, d.Spec.Names.Kind, d.Spec.Names.Plural, d.Spec.Versions[0].Name}
	want := []string{DefinitionName, v1alpha1.Group, "Cluster", v1alpha1.Kind, v1alpha1.Resource, v1alpha1.Version}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	var columns []string
	for _, c := range d.Spec.Versions[0].AdditionalPrinterColumns {
		columns = append(columns, c.Name)
	}
	if diff := cmp.Diff([]string{"Revision", "Phase", "Waves", "Message", "Age"}, columns); diff != "" {
		t.Errorf("columns (-want +got):\n%s", diff)
	}
	if _, ok := d.Spec.Versions[0].Subresources["status"]; !ok {
		t.Error("status is no subresource")
	}
}

// Every field of the Go types is in the schema with its type, and nothing else
// is: the API server drops what the schema doesn't know.
func TestDefinitionFields(t *testing.T) {
	d := written(t)
	root := d.Spec.Versions[0].Schema.OpenAPIV3Schema
	alike(t, "spec", reflect.TypeFor[v1alpha1.MeshUpgradeSpec](), root.Properties["spec"])
	alike(t, "status", reflect.TypeFor[v1alpha1.MeshUpgradeStatus](), root.Properties["status"])
	phases := []string{"Pending", "Upgrading", "Soaking", "Held", "RollingBack", "RolledBack", "Completed"}
	if diff := cmp.Diff(phases, root.Properties["status"].Properties["phase"].Enum); diff != "" {
		t.Errorf("phases (-want +got):\n%s", diff)
	}
}

// A duration that a run could not read is refused by the API server already.
func TestDefinitionDurations(t *testing.T) {
	fields := written(t).Spec.Versions[0].Schema.OpenAPIV3Schema.Properties["spec"].Properties
	for _, name := range []string{"readyTimeout", "soak"} {
		pattern := regexp.MustCompile(fields[name].Pattern)
		for value, fine := range map[string]bool{"10m0s": true, "0s": true, "1.5h": true, "abc": false, "10": false, "-5m": false, "": false} {
			if pattern.MatchString(value) != fine {
				t.Errorf("%s: %q: fits %t, want %t", name, value, !fine, fine)
			}
		}
	}
}

// opaque are Go types that are written as one JSON value.
var opaque = map[reflect.Type]structure{
	reflect.TypeFor[metav1.Duration]():      {Type: "string"},
	reflect.TypeFor[metav1.Time]():          {Type: "string", Format: "date-time"},
	reflect.TypeFor[[]byte]():               {Type: "string", Format: "byte"},
	reflect.TypeFor[runtime.RawExtension](): {Type: "object"},
	reflect.TypeFor[time.Time]():            {Type: "string", Format: "date-time"},
}

func alike(t *testing.T, path string, g reflect.Type, s structure) {
	t.Helper()
	if g.Kind() == reflect.Pointer {
		g = g.Elem()
	}
	want, known := opaque[g]
	if !known {
		want = structure{Type: map[reflect.Kind]string{reflect.String: "string", reflect.Bool: "boolean", reflect.Int: "integer",
			reflect.Int64: "integer", reflect.Struct: "object", reflect.Slice: "array", reflect.Map: "object"}[g.Kind()], Format: s.Format}
	}
	if s.Type != want.Type || s.Format != want.Format {
		t.Errorf("%s is %s %s in the schema, %s %s in Go", path, s.Type, s.Format, want.Type, want.Format)
	}
	switch {
	case known:
	case g.Kind() == reflect.Slice && s.Items != nil:
		alike(t, path+"[]", g.Elem(), *s.Items)
	case g.Kind() == reflect.Struct:
		fields := map[string]reflect.Type{}
		for field := range g.Fields() {
			name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
			fields[name] = field.Type
			if required := slices.Contains(s.Required, name); required && strings.Contains(options, "omitempty") && path != "status.conditions[]" {
				t.Errorf("%s.%s is required in the schema and may be left out in Go", path, name)
			}
		}
		if diff := cmp.Diff(slices.Sorted(maps.Keys(fields)), slices.Sorted(maps.Keys(s.Properties))); diff != "" {
			t.Errorf("fields of %s (-Go +schema):\n%s", path, diff)
		}
		for name, field := range fields {
			alike(t, path+"."+name, field, s.Properties[name])
		}
	}
}
