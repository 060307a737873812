// SPDX-License-Identifier: Apache-2.0

package install

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/json"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"
)

const (
	operatorVersion = "install.istio.io/v1alpha1"
	operatorKind    = "IstioOperator"
)

// IstioOperator is a user's IstioOperator object. What Rerig does not need to know
// of it is carried along untouched.
type IstioOperator struct {
	object map[string]any
}

// ReadIstioOperator reads an IstioOperator file.
func ReadIstioOperator(path string) (IstioOperator, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return IstioOperator{}, fmt.Errorf("read the IstioOperator file: %w", err)
	}
	o, err := ParseIstioOperator(content)
	if err != nil {
		return IstioOperator{}, fmt.Errorf("read the IstioOperator file %s: %w", path, err)
	}
	return o, nil
}

// ParseIstioOperator reads an IstioOperator, in YAML or JSON. Fields that istioctl
// doesn't know are found by istioctl, when the file is rendered.
func ParseIstioOperator(content []byte) (IstioOperator, error) {
	documents, err := splitYAML(content)
	if err != nil {
		return IstioOperator{}, err
	}
	switch len(documents) {
	case 0:
		return IstioOperator{}, errors.New("it is empty; it must hold one IstioOperator")
	case 1:
	default:
		return IstioOperator{}, fmt.Errorf("it holds %d objects; istioctl takes exactly one IstioOperator from a file", len(documents))
	}
	object := documents[0]
	version, kind := nestedString(object, "apiVersion"), nestedString(object, "kind")
	if version != operatorVersion || kind != operatorKind {
		return IstioOperator{}, fmt.Errorf("it holds apiVersion %q, kind %q; it must be %s, %s", version, kind, operatorVersion, operatorKind)
	}
	if spec, ok := object["spec"].(map[string]any); !ok || len(spec) == 0 {
		return IstioOperator{}, errors.New("it has no spec; say at least which profile it begins with (spec.profile)")
	}
	return IstioOperator{object: object}, nil
}

// splitYAML parses the documents of a YAML stream, empty ones left out.
func splitYAML(content []byte) ([]map[string]any, error) {
	var documents []map[string]any
	reader := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(content)))
	for {
		document, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return documents, nil
		}
		if err != nil {
			return nil, fmt.Errorf("split its YAML documents: %w", err)
		}
		raw, err := yaml.YAMLToJSONStrict(document)
		if err != nil {
			return nil, fmt.Errorf("it is not YAML: %w", err)
		}
		if bytes.Equal(raw, []byte("null")) {
			continue
		}
		object := map[string]any{}
		if err := json.Unmarshal(raw, &object); err != nil {
			return nil, errors.New("it is not an object but a list or plain text")
		}
		documents = append(documents, object)
	}
}

// nestedString is the string at a path, or "".
func nestedString(object map[string]any, path ...string) string {
	s, _, _ := unstructured.NestedString(object, path...)
	return s
}

// IsSet reports whether there is a file at all.
func (o IstioOperator) IsSet() bool { return o.object != nil }

// JSON is the object as a MeshUpgrade keeps it.
func (o IstioOperator) JSON() ([]byte, error) { return json.Marshal(o.object) }

// YAML is the object as istioctl reads it.
func (o IstioOperator) YAML() (string, error) {
	content, err := yaml.Marshal(o.object)
	return string(content), err
}

// Revision is what the file itself says about the revision, "" for nothing.
// values.revision wins over spec.revision in istioctl (operator/pkg/render,
// MergeInputs), and unvalidatedValues over both.
func (o IstioOperator) Revision() string {
	for _, path := range [][]string{{"unvalidatedValues", "revision"}, {"values", "revision"}, {"revision"}} {
		if value, found, _ := unstructured.NestedFieldNoCopy(o.object, append([]string{"spec"}, path...)...); found && value != nil {
			return fmt.Sprint(value)
		}
	}
	return ""
}

// Tag is the image tag that the file asks for, "" for istioctl's own.
func (o IstioOperator) Tag() string {
	for _, path := range [][]string{{"values", "global", "tag"}, {"tag"}} {
		if value, found, _ := unstructured.NestedFieldNoCopy(o.object, append([]string{"spec"}, path...)...); found && value != nil {
			return fmt.Sprint(value)
		}
	}
	return ""
}

// IstioOperatorName is the metadata.name under which Rerig installs a revision.
// istioctl stamps it on everything as install.operator.istio.io/owning-resource,
// and after an install deletes what bears the same stamp and is no longer in
// the manifest (operator/pkg/install/install.go, prune): under a name that
// another installation uses, that installation's objects.
func IstioOperatorName(revision string) string { return "rerig-" + revision }

// ForRevision derives the object that istioctl is given: the user's, with the revision
// and a name of its own.
func (o IstioOperator) ForRevision(revision string) (IstioOperator, error) {
	if own := o.Revision(); own != "" && own != revision {
		return IstioOperator{}, fmt.Errorf("the IstioOperator file is for revision %q, but %q is wanted: take its revision out, or ask for %q", own, revision, own)
	}
	derived := IstioOperator{object: runtime.DeepCopyJSON(o.object)}
	if err := unstructured.SetNestedField(derived.object, revision, "spec", "revision"); err != nil {
		return IstioOperator{}, fmt.Errorf("set spec.revision in the IstioOperator: %w", err)
	}
	if err := unstructured.SetNestedField(derived.object, IstioOperatorName(revision), "metadata", "name"); err != nil {
		return IstioOperator{}, fmt.Errorf("set metadata.name in the IstioOperator: %w", err)
	}
	return derived, nil
}
