// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"k8s.io/apimachinery/pkg/runtime"
	kjson "k8s.io/apimachinery/pkg/util/json"
)

// FromSecretKey is the only key of an object that refers to values in a Secret, in the place of
// spec.install, spec.helm.values or spec.helm.inherited.values:
//
//	values:
//	  rerig.dev/from-secret: {name: rerig-values-to-1-31-0-3f2a9c01, key: values, sha256: 9f86…}
//
// Rerig writes such references: a MeshUpgrade can be read by more people than a Secret.
const FromSecretKey = "rerig.dev/from-secret"

// SecretValues refers to values in a Secret in istiod's namespace.
type SecretValues struct {
	Name   string `json:"name"`   // of the Secret
	Key    string `json:"key"`    // of the entry in it
	SHA256 string `json:"sha256"` // digest of the entry, in hexadecimal
}

// SecretValuesOf returns the reference in the place of values; false if they are given inline, or
// not at all.
func SecretValuesOf(values *runtime.RawExtension) (SecretValues, bool) {
	if values == nil {
		return SecretValues{}, false
	}
	var object map[string]json.RawMessage
	if json.Unmarshal(values.Raw, &object) != nil || len(object) != 1 || object[FromSecretKey] == nil {
		return SecretValues{}, false
	}
	var reference SecretValues
	return reference, json.Unmarshal(object[FromSecretKey], &reference) == nil
}

// Raw returns the reference as it is written in the place of values.
func (r SecretValues) Raw() *runtime.RawExtension {
	content, err := json.Marshal(map[string]SecretValues{FromSecretKey: r})
	if err != nil { // three strings are always marshalled
		panic(err)
	}
	return &runtime.RawExtension{Raw: content}
}

// CanonicalValues returns inline values as JSON with sorted keys, so that equal values have equal
// digests.
func CanonicalValues(values *runtime.RawExtension) ([]byte, error) {
	var object any
	if err := kjson.Unmarshal(values.Raw, &object); err != nil {
		return nil, fmt.Errorf("read values: %w", err)
	}
	return json.Marshal(object)
}

// ValuesDigest returns the SHA-256 digest of values, in hexadecimal, whether they are given inline or
// by reference; "" without values, or if they are not JSON.
func ValuesDigest(values *runtime.RawExtension) string {
	if values == nil {
		return ""
	}
	if reference, ok := SecretValuesOf(values); ok {
		return reference.SHA256
	}
	content, err := CanonicalValues(values)
	if err != nil {
		return ""
	}
	return Digest(content)
}

// InputDigest returns a digest of what a revision is installed from, "" if a specification does not
// say. It is the same whether values are given inline or by reference.
func InputDigest(s MeshUpgradeSpec) string {
	parts := []string{ValuesDigest(s.Install)}
	switch h := s.Helm; {
	case h != nil:
		parts = append(parts, h.Chart, h.Repository, h.Version, fmt.Sprint(h.Base), ValuesDigest(h.Values))
		if h.Inherited != nil {
			parts = append(parts, ValuesDigest(h.Inherited.Values))
		}
	case s.Install == nil:
		return ""
	}
	content, err := json.Marshal(parts)
	if err != nil { // strings are always marshalled
		panic(err)
	}
	return Digest(content)[:12]
}

// Digest returns the SHA-256 digest of an entry of the Secret, in hexadecimal.
func Digest(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}
