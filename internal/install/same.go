// SPDX-License-Identifier: Apache-2.0

package install

import (
	"encoding/json"
	"strings"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// same compares an object of two manifests, of which one has no gateways. The
// ConfigMap values-<revision> keeps the values that the revision was rendered
// with, those of gateways among them; nobody runs by it.
func same(a, b *unstructured.Unstructured) bool {
	if a.GetKind() == "ConfigMap" && strings.HasPrefix(a.GetName(), "values-") {
		a, b = withoutGatewayValues(a), withoutGatewayValues(b)
	}
	return equality.Semantic.DeepEqual(a.Object, b.Object)
}

func withoutGatewayValues(kept *unstructured.Unstructured) *unstructured.Unstructured {
	data, _, _ := unstructured.NestedStringMap(kept.Object, "data")
	for key, value := range data {
		var values map[string]any
		if json.Unmarshal([]byte(value), &values) != nil {
			continue
		}
		delete(values, "gateways")
		rest, _ := json.Marshal(values)
		data[key] = string(rest)
	}
	copied := kept.DeepCopy()
	_ = unstructured.SetNestedStringMap(copied.Object, data, "data")
	return copied
}
