// SPDX-License-Identifier: Apache-2.0

package spec

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"hash"
	"maps"
	"slices"

	"crypto/sha256"

	"k8s.io/apimachinery/pkg/runtime"

	"github.com/rerig/rerig/api/v1alpha1"
)

// StoredValues is the Secret in which a run stores the values of its specification.
type StoredValues struct {
	Name    string
	Entries map[string][]byte
}

// valueField is a field of the specification whose values are stored in a Secret.
type valueField struct {
	path   string // in the MeshUpgrade
	key    string // of the Secret's entry
	values **runtime.RawExtension
}

// valueFields returns the fields of s that have values. It copies the chart of s, so that writing to a
// field changes s alone.
func valueFields(s *Spec) []valueField {
	fields := []valueField{{path: "spec.install", key: "operator", values: &s.Install}}
	if s.Helm != nil {
		helm := *s.Helm
		s.Helm = &helm
		fields = append(fields, valueField{path: "spec.helm.values", key: "values", values: &helm.Values})
		if helm.Inherited != nil {
			inherited := *helm.Inherited
			helm.Inherited = &inherited
			fields = append(fields, valueField{path: "spec.helm.inherited.values", key: "inherited", values: &inherited.Values})
		}
	}
	return slices.DeleteFunc(fields, func(f valueField) bool { return *f.values == nil })
}

// StoreValues returns the specification with its inline values replaced by references to a Secret of
// the run, and that Secret; nil without inline values. The Secret's name depends on its content, so
// that storing other values never changes a Secret to which a record refers.
func StoreValues(s Spec, run string) (Spec, *StoredValues, error) {
	entries, sum := map[string][]byte{}, sha256.New()
	var inline []valueField
	for _, f := range valueFields(&s) {
		if _, stored := v1alpha1.SecretValuesOf(*f.values); stored {
			continue
		}
		content, err := v1alpha1.CanonicalValues(*f.values)
		if err != nil {
			return s, nil, fmt.Errorf("%s: %w", f.path, err)
		}
		entries[f.key] = content
		inline = append(inline, f)
		writePart(sum, f.key, content)
	}
	if len(inline) == 0 {
		return s, nil, nil
	}
	name := fmt.Sprintf("rerig-values-%s-%s", run, hex.EncodeToString(sum.Sum(nil))[:10])
	for _, f := range inline {
		*f.values = v1alpha1.SecretValues{Name: name, Key: f.key, SHA256: v1alpha1.Digest(entries[f.key])}.Raw()
	}
	return s, &StoredValues{Name: name, Entries: entries}, nil
}

// writePart adds parts to a digest so that their boundaries count.
func writePart(sum hash.Hash, parts ...any) {
	for _, part := range parts {
		text := fmt.Sprintf("%s", part)
		fmt.Fprintf(sum, "%d:%s", len(text), text)
	}
}

// LoadValues returns the specification with the values that it refers to. read returns the entries of
// a Secret. It is an error if an entry is missing, or is not the one that was approved.
func LoadValues(s Spec, read func(secret string) (map[string][]byte, error)) (Spec, error) {
	secrets := map[string]map[string][]byte{}
	for _, f := range valueFields(&s) {
		reference, stored := v1alpha1.SecretValuesOf(*f.values)
		if !stored {
			continue
		}
		if secrets[reference.Name] == nil {
			entries, err := read(reference.Name)
			if err != nil {
				return s, fmt.Errorf("%s: %w", f.path, err)
			}
			secrets[reference.Name] = entries
		}
		content, exists := secrets[reference.Name][reference.Key]
		if !exists || v1alpha1.Digest(content) != reference.SHA256 {
			return s, ChangedValuesError{Field: f.path, Secret: reference.Name, Key: reference.Key}
		}
		*f.values = &runtime.RawExtension{Raw: bytes.Clone(content)}
	}
	return s, nil
}

// ChangedValuesError reports an entry of a Secret that is not the one of the record.
type ChangedValuesError struct{ Field, Secret, Key string }

func (e ChangedValuesError) Error() string {
	return fmt.Sprintf("%s: the entry %s of Secret %s was changed after the plan was approved", e.Field, e.Key, e.Secret)
}

// ValueSecrets returns the names of the Secrets to which a specification refers.
func ValueSecrets(s Spec) []string {
	names := map[string]bool{}
	for _, f := range valueFields(&s) {
		if reference, stored := v1alpha1.SecretValuesOf(*f.values); stored {
			names[reference.Name] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// HasValues reports whether a specification has values, inline or stored.
func HasValues(s Spec) bool { return len(valueFields(&s)) > 0 }

// HasInlineValues reports whether a specification has values that are not stored in a Secret.
func HasInlineValues(s Spec) bool {
	return slices.ContainsFunc(valueFields(&s), func(f valueField) bool {
		_, stored := v1alpha1.SecretValuesOf(*f.values)
		return !stored
	})
}

// UseAskedValues replaces references in a recorded specification by the same values of a request, so
// that the Secret is not needed for them.
func UseAskedValues(recorded *Spec, asked Spec) {
	inline := map[string]*runtime.RawExtension{}
	for _, f := range valueFields(&asked) {
		if _, stored := v1alpha1.SecretValuesOf(*f.values); !stored {
			inline[f.path] = *f.values
		}
	}
	for _, f := range valueFields(recorded) {
		if given := inline[f.path]; given != nil && sameValues(given, *f.values) {
			*f.values = given
		}
	}
}

// sameValues reports whether values are the same, inline or by reference.
func sameValues(a, b *runtime.RawExtension) bool {
	if a == nil || b == nil {
		return a == b
	}
	return v1alpha1.ValuesDigest(a) == v1alpha1.ValuesDigest(b)
}
