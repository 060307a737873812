// SPDX-License-Identifier: Apache-2.0

package install

import (
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// podEffect describes what applying an object does to its pods, "" for nothing. live is nil if it does not
// exist.
func podEffect(rendered, live *unstructured.Unstructured) string {
	template, runs, _ := unstructured.NestedFieldNoCopy(rendered.Object, "spec", "template")
	switch {
	case !runs || !slices.Contains([]string{"DaemonSet", "Deployment", "StatefulSet"}, rendered.GetKind()):
		return ""
	case live == nil && rendered.GetKind() == "DaemonSet":
		return "runs a pod on each node that it selects"
	case live == nil:
		return "runs pods"
	}
	if now, _, _ := unstructured.NestedFieldNoCopy(live.Object, "spec", "template"); contains(now, template) {
		return ""
	}
	return "its pods are restarted at once"
}

// contains reports whether everything in wanted is in live, which the API server may have completed with
// defaults.
func contains(live, wanted any) bool {
	switch w := wanted.(type) {
	case nil:
		return true
	case map[string]any:
		l, _ := live.(map[string]any)
		for key, value := range w {
			if !contains(l[key], value) {
				return false
			}
		}
		return true
	case []any:
		l, _ := live.([]any)
		if len(l) != len(w) {
			return false
		}
		for n, value := range w {
			if !contains(l[n], value) {
				return false
			}
		}
		return true
	}
	return fmt.Sprint(live) == fmt.Sprint(wanted)
}
