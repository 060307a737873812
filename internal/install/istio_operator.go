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

// IstioOperator is a user's IstioOperator object. Fields that Rerig does not use are passed through
// unchanged.
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

// ParseIstioOperator parses an IstioOperator, in YAML or JSON. Unknown fields are reported by istioctl
// when the file is rendered.
func ParseIstioOperator(content []byte) (IstioOperator, error) {
	documents, err := splitYAML(content)
	if err != nil {
		return IstioOperator{}, err
	}
	switch len(documents) {
	case 0:
		return IstioOperator{}, errors.New("the file is empty. It must contain one IstioOperator")
	case 1:
	default:
		return IstioOperator{}, fmt.Errorf("the file contains %d objects. istioctl accepts exactly one IstioOperator per file", len(documents))
	}
	object := documents[0]
	version, kind := nestedString(object, "apiVersion"), nestedString(object, "kind")
	if version != operatorVersion || kind != operatorKind {
		return IstioOperator{}, fmt.Errorf("the file contains apiVersion %q, kind %q. It must be %s, %s",
			version, kind, operatorVersion, operatorKind)
	}
	if spec, ok := object["spec"].(map[string]any); !ok || len(spec) == 0 {
		return IstioOperator{}, errors.New("the IstioOperator has no spec. Set at least spec.profile")
	}
	return IstioOperator{object: object}, nil
}

// splitYAML parses the documents of a YAML stream and skips empty ones.
func splitYAML(content []byte) ([]map[string]any, error) {
	var documents []map[string]any
	reader := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(content)))
	for {
		document, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return documents, nil
		}
		if err != nil {
			return nil, fmt.Errorf("split YAML documents: %w", err)
		}
		raw, err := yaml.YAMLToJSONStrict(document)
		if err != nil {
			return nil, fmt.Errorf("invalid YAML: %w", err)
		}
		if bytes.Equal(raw, []byte("null")) {
			continue
		}
		object := map[string]any{}
		if err := json.Unmarshal(raw, &object); err != nil {
			return nil, errors.New("the document is a list or plain text, not an object")
		}
		documents = append(documents, object)
	}
}

// nestedString returns the string at a path, or "".
func nestedString(object map[string]any, path ...string) string {
	s, _, _ := unstructured.NestedString(object, path...)
	return s
}

// IsSet reports whether a file was given.
func (o IstioOperator) IsSet() bool { return o.object != nil }

// JSON returns the object as JSON.
func (o IstioOperator) JSON() ([]byte, error) { return json.Marshal(o.object) }

// YAML returns the object as istioctl reads it.
func (o IstioOperator) YAML() (string, error) {
	content, err := yaml.Marshal(o.object)
	return string(content), err
}

// Revision returns the revision that the file names, "" for none. values.revision overrides
// spec.revision in istioctl (operator/pkg/render, MergeInputs), and unvalidatedValues overrides
// both.
func (o IstioOperator) Revision() string {
	for _, path := range [][]string{{"unvalidatedValues", "revision"}, {"values", "revision"}, {"revision"}} {
		if value, found, _ := unstructured.NestedFieldNoCopy(o.object, append([]string{"spec"}, path...)...); found && value != nil {
			return fmt.Sprint(value)
		}
	}
	return ""
}

// Tag returns the image tag that the file requests, "" for istioctl's default.
func (o IstioOperator) Tag() string {
	for _, path := range [][]string{{"values", "global", "tag"}, {"tag"}} {
		if value, found, _ := unstructured.NestedFieldNoCopy(o.object, append([]string{"spec"}, path...)...); found && value != nil {
			return fmt.Sprint(value)
		}
	}
	return ""
}

// IstioOperatorName returns the metadata.name under which Rerig installs a revision. istioctl
// labels every object with it (install.operator.istio.io/owning-resource). After an install it
// deletes objects that have the same label and are no longer in the manifest
// (operator/pkg/install/install.go, prune). A name that another installation uses would delete that
// installation's objects.
func IstioOperatorName(revision string) string { return "rerig-" + revision }

// ForRevision returns the object given to istioctl: the user's, with the revision and a name of its own.
func (o IstioOperator) ForRevision(revision string) (IstioOperator, error) {
	if own := o.Revision(); own != "" && own != revision {
		return IstioOperator{}, fmt.Errorf("the IstioOperator file sets revision %q, but the run installs %q. "+
			"Remove revision from the file, or run with --to %s",
			own, revision, own)
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
