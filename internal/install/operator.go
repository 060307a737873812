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
	"k8s.io/apimachinery/pkg/util/json"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"
)

const (
	operatorVersion = "install.istio.io/v1alpha1"
	operatorKind    = "IstioOperator"
)

// Operator is a user's IstioOperator object. What Rerig does not need to know
// of it is carried along untouched.
type Operator struct {
	object map[string]any
}

// ReadOperator reads an IstioOperator file.
func ReadOperator(path string) (Operator, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return Operator{}, fmt.Errorf("read the IstioOperator file: %w", err)
	}
	o, err := ParseOperator(content)
	if err != nil {
		return Operator{}, fmt.Errorf("read the IstioOperator file %s: %w", path, err)
	}
	return o, nil
}

// ParseOperator reads an IstioOperator, in YAML or JSON. Fields that istioctl
// doesn't know are found by istioctl, when the file is rendered.
func ParseOperator(content []byte) (Operator, error) {
	documents, err := split(content)
	if err != nil {
		return Operator{}, err
	}
	switch len(documents) {
	case 0:
		return Operator{}, errors.New("it is empty; it must hold one IstioOperator")
	case 1:
	default:
		return Operator{}, fmt.Errorf("it holds %d objects; istioctl takes exactly one IstioOperator from a file", len(documents))
	}
	object := documents[0]
	version, kind := text(object, "apiVersion"), text(object, "kind")
	if version != operatorVersion || kind != operatorKind {
		return Operator{}, fmt.Errorf("it holds apiVersion %q, kind %q; it must be %s, %s", version, kind, operatorVersion, operatorKind)
	}
	if spec, ok := object["spec"].(map[string]any); !ok || len(spec) == 0 {
		return Operator{}, errors.New("it has no spec; say at least which profile it begins with (spec.profile)")
	}
	return Operator{object: object}, nil
}

// split parses the documents of a YAML stream, empty ones left out.
func split(content []byte) ([]map[string]any, error) {
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

// text is the string at a path, or "".
func text(object map[string]any, path ...string) string {
	s, _, _ := unstructured.NestedString(object, path...)
	return s
}
