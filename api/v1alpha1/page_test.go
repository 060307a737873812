// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write docs/reference/meshupgrade.md")

const page = "../../docs/reference/meshupgrade.md"

const pageIntro = `<!-- Generated from api/v1alpha1 by make generate. Do not edit. -->
# The MeshUpgrade resource

%s

` + "`rerig upgrade`" + ` creates a MeshUpgrade from its flags, or reads one with ` + "`-f FILE`" + `. The resource is
cluster-scoped: ` + "`kubectl get meshupgrades`" + `, or ` + "`mu`" + ` for short. Applying one with kubectl starts nothing:
run ` + "`rerig upgrade -f`" + ` on the file.

` + "```yaml" + `
apiVersion: rerig.dev/v1alpha1
kind: MeshUpgrade
metadata:
  name: to-1-31-0
spec:
  revision: 1-31-0
  helm:
    chart: oci://gcr.io/istio-release/charts/istiod
  waves:
  - namespaces: [shop-data]
  - namespaces: [shop-web, shop-edge]
  soak: 5m
` + "```" + `
`

// TestMeshUpgradePage compares docs/reference/meshupgrade.md with the types, or
// writes it with -update.
func TestMeshUpgradePage(t *testing.T) {
	got := meshUpgradePage(t)
	if *update {
		if err := os.WriteFile(page, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s is out of date (-page +types): run make generate\n%s", page, diff)
	}
}

func meshUpgradePage(t *testing.T) string {
	types, docs := sourceTypes(t)
	var b strings.Builder
	fmt.Fprintf(&b, pageIntro, docs["MeshUpgrade"])
	writeTypes(&b, types, docs, "spec", "MeshUpgradeSpec")
	writeTypes(&b, types, docs, "status", "MeshUpgradeStatus")
	return b.String()
}

// writeTypes writes a table of a type's fields, and one for each type below it.
func writeTypes(b *strings.Builder, types map[string][]sourceField, docs map[string]string, path, typeName string) {
	fmt.Fprintf(b, "\n## %s\n\n%s\n\n| Field | Type | |\n| --- | --- | --- |\n", path, docs[typeName])
	var former []string
	for _, f := range types[typeName] {
		if f.former() {
			former = append(former, "`"+f.name+"`")
			continue
		}
		name := "`" + f.name + "`"
		if f.required {
			name += " (required)"
		}
		fmt.Fprintf(b, "| %s | %s | %s |\n", name, fieldType(types, f, path), fieldText(f))
	}
	if len(former) > 0 {
		fmt.Fprintf(b, "\nFields of version 0.1 that are still read: %s.\n", strings.Join(former, ", "))
	}
	for _, f := range types[typeName] {
		if types[f.elem()] != nil && !f.former() {
			writeTypes(b, types, docs, path+"."+f.name, f.elem())
		}
	}
}

var typeNames = map[string]string{
	"string": "string", "bool": "boolean", "int": "integer", "byte": "base64", "Phase": "string",
	"metav1.Duration": "duration, such as `90s`", "runtime.RawExtension": "object",
	"metav1.LabelSelector": "label selector", "metav1.Condition": "conditions",
}

func fieldType(types map[string][]sourceField, f sourceField, path string) string {
	name := typeNames[f.elem()]
	if types[f.elem()] != nil {
		anchor := strings.NewReplacer(".", "").Replace(strings.ToLower(path + f.name))
		name = fmt.Sprintf("[%s](#%s)", path+"."+f.name, anchor)
	}
	if f.isList() {
		return "list of " + strings.Replace(name, "string", "strings", 1)
	}
	return name
}

// fieldText joins the lines of a field's doc comment, without its first word: the
// field's name.
func fieldText(f sourceField) string {
	text := strings.Join(strings.Fields(f.doc), " ")
	if values := f.enum(); values != nil {
		text += " One of `" + strings.Join(values, "`, `") + "`."
	}
	return strings.ReplaceAll(text, "|", "\\|")
}
