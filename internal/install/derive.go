// SPDX-License-Identifier: Apache-2.0

package install

import (
	"encoding/json"
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"
)

// Given reports whether there is a file at all.
func (o Operator) Given() bool { return o.object != nil }

// JSON is the object as a MeshUpgrade keeps it.
func (o Operator) JSON() ([]byte, error) { return json.Marshal(o.object) }

// YAML is the object as istioctl reads it.
func (o Operator) YAML() (string, error) {
	content, err := yaml.Marshal(o.object)
	return string(content), err
}

// Revision is what the file itself says about the revision, "" for nothing.
// values.revision wins over spec.revision in istioctl (operator/pkg/render,
// MergeInputs), and unvalidatedValues over both.
func (o Operator) Revision() string {
	for _, path := range [][]string{{"unvalidatedValues", "revision"}, {"values", "revision"}, {"revision"}} {
		if value, found, _ := unstructured.NestedFieldNoCopy(o.object, append([]string{"spec"}, path...)...); found && value != nil {
			return fmt.Sprint(value)
		}
	}
	return ""
}

// Tag is the image tag that the file asks for, "" for istioctl's own.
func (o Operator) Tag() string {
	for _, path := range [][]string{{"values", "global", "tag"}, {"tag"}} {
		if value, found, _ := unstructured.NestedFieldNoCopy(o.object, append([]string{"spec"}, path...)...); found && value != nil {
			return fmt.Sprint(value)
		}
	}
	return ""
}

// OperatorName is the metadata.name under which Rerig installs a revision.
// istioctl stamps it on everything as install.operator.istio.io/owning-resource,
// and after an install deletes what bears the same stamp and is no longer in
// the manifest (operator/pkg/install/install.go, prune): under a name that
// another installation uses, that installation's objects.
func OperatorName(revision string) string { return "rerig-" + revision }

// For derives the object that istioctl is given: the user's, with the revision
// and a name of its own.
func (o Operator) For(revision string) (Operator, error) {
	if own := o.Revision(); own != "" && own != revision {
		return Operator{}, fmt.Errorf("the IstioOperator file is for revision %q, but %q is wanted: take its revision out, or ask for %q", own, revision, own)
	}
	derived := Operator{object: runtime.DeepCopyJSON(o.object)}
	if err := unstructured.SetNestedField(derived.object, revision, "spec", "revision"); err != nil {
		return Operator{}, fmt.Errorf("set spec.revision in the IstioOperator: %w", err)
	}
	if err := unstructured.SetNestedField(derived.object, OperatorName(revision), "metadata", "name"); err != nil {
		return Operator{}, fmt.Errorf("set metadata.name in the IstioOperator: %w", err)
	}
	return derived, nil
}
