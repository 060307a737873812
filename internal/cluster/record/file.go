// SPDX-License-Identifier: Apache-2.0

package record

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	kjson "sigs.k8s.io/json"
	"sigs.k8s.io/yaml"

	"github.com/rerig/rerig/api/v1alpha1"
)

// ReadMeshUpgrade reads a file that holds one MeshUpgrade, in YAML or JSON. An
// unknown field or an invalid value is an error: a misspelt field that is ignored
// moves the wrong workloads. Fields that only a cluster writes, such as the
// status, are ignored.
func ReadMeshUpgrade(content []byte) (v1alpha1.MeshUpgrade, error) {
	m, err := readMeshUpgrade(content)
	if err != nil {
		return v1alpha1.MeshUpgrade{}, fmt.Errorf("read the MeshUpgrade file: %w", err)
	}
	m.Status = v1alpha1.MeshUpgradeStatus{}
	m.ObjectMeta = metav1.ObjectMeta{Name: m.Name, Labels: m.Labels, Annotations: m.Annotations}
	return m, nil
}

// SpecFields returns the names of the fields of spec that a file sets.
func SpecFields(content []byte) (map[string]bool, error) {
	document, err := onlyDocument(content)
	if err != nil {
		return nil, fmt.Errorf("read the MeshUpgrade file: %w", err)
	}
	var file struct{ Spec map[string]any }
	if err := yaml.Unmarshal(document, &file); err != nil {
		return nil, fmt.Errorf("read the MeshUpgrade file: %w", err)
	}
	fields := map[string]bool{}
	for name := range file.Spec {
		fields[cmp.Or(v1alpha1.FormerFieldNames[name], name)] = true
	}
	return fields, nil
}

func readMeshUpgrade(content []byte) (m v1alpha1.MeshUpgrade, err error) {
	document, err := onlyDocument(content)
	if err != nil {
		return m, err
	}
	body, err := yaml.YAMLToJSONStrict(document)
	if err != nil {
		return m, err
	}
	if err := checkType(body); err != nil {
		return m, err
	}
	if err := validateDurations(body); err != nil {
		return m, err
	}
	faults, err := kjson.UnmarshalStrict(body, &m)
	if err = errors.Join(append([]error{err}, faults...)...); err != nil {
		return m, err
	}
	if err := m.Spec.UseCurrentNames(); err != nil {
		return m, err
	}
	return m, validate(m)
}

// onlyDocument returns the one document that is not empty.
func onlyDocument(content []byte) ([]byte, error) {
	var found []byte
	for r := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(content))); ; {
		document, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		if body, err := yaml.YAMLToJSON(document); err == nil && bytes.Equal(body, []byte("null")) {
			continue
		}
		if found != nil {
			return nil, errors.New("it holds more than one document")
		}
		found = document
	}
	if found == nil {
		return nil, errors.New("it is empty")
	}
	return found, nil
}

// checkType rejects what is not a MeshUpgrade of this version.
func checkType(body []byte) error {
	var t metav1.TypeMeta
	if err := json.Unmarshal(body, &t); err != nil {
		return errors.New("it holds no Kubernetes object")
	}
	if want := v1alpha1.GroupVersion.String(); t.Kind != v1alpha1.Kind || t.APIVersion != want {
		return fmt.Errorf("it holds %q of %q, not a MeshUpgrade of %s", t.Kind, t.APIVersion, want)
	}
	return nil
}
