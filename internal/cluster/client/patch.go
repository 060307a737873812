// SPDX-License-Identifier: Apache-2.0

package client

import (
	"encoding/json"
	"fmt"
	"maps"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rerig/rerig/api/v1alpha1"
)

// Patching are the options of every patch: the field manager.
var Patching = metav1.PatchOptions{FieldManager: v1alpha1.FieldManager}

// Creating are the options of every creation: the field manager.
var Creating = metav1.CreateOptions{FieldManager: v1alpha1.FieldManager}

// Updating are the options of every update: the field manager.
var Updating = metav1.UpdateOptions{FieldManager: v1alpha1.FieldManager}

// WithVersion gives a merge patch the precondition that the object still has this
// resource version. The API server refuses it as a conflict otherwise.
func WithVersion(patch json.RawMessage, resourceVersion string) ([]byte, error) {
	body := map[string]any{}
	if err := json.Unmarshal(patch, &body); err != nil {
		return nil, fmt.Errorf("read the patch: %w", err)
	}
	meta, ok := body["metadata"].(map[string]any)
	if !ok {
		meta = map[string]any{}
		body["metadata"] = meta
	}
	meta["resourceVersion"] = resourceVersion
	return json.Marshal(body)
}

// MetadataPatch returns a merge patch of the metadata of an object that has not changed
// since it was read. It adds that precondition to the fields.
func MetadataPatch(o metav1.Object, fields map[string]any) ([]byte, error) {
	fields = maps.Clone(fields)
	fields["resourceVersion"] = o.GetResourceVersion()
	return json.Marshal(map[string]any{"metadata": fields})
}

// SameObject returns the options that delete an object only as it was read.
func SameObject(o metav1.Object) metav1.DeleteOptions {
	uid, version := o.GetUID(), o.GetResourceVersion()
	return metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &uid, ResourceVersion: &version}}
}
