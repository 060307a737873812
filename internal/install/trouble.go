// SPDX-License-Identifier: Apache-2.0

package install

import (
	"context"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

var istiodPods = schema.GroupVersionResource{Version: "v1", Resource: "pods"}

// trouble is what the pods of istiod say of themselves while they are not ready:
// why a container waits, or why a pod has no node. It is only said to help, so
// that not knowing it is no fault.
func (w waiting) trouble(ctx context.Context, own metav1.ListOptions) string {
	list, err := w.cluster.Resource(istiodPods).Namespace(w.root).List(ctx, own)
	if err != nil {
		return ""
	}
	var lines []string
	for _, p := range list.Items {
		lines = append(lines, waits(&p, "status", "containerStatuses")...)
		conditions, _, _ := unstructured.NestedSlice(p.Object, "status", "conditions")
		for _, c := range conditions {
			if condition, _ := c.(map[string]any); text(condition, "type") == "PodScheduled" && text(condition, "status") == "False" {
				lines = append(lines, text(condition, "message"))
			}
		}
	}
	slices.Sort(lines)
	if lines = slices.Compact(lines); len(lines) == 0 {
		return ""
	}
	return " (" + strings.Join(lines, "; ") + ")"
}

// waits is why containers of a pod wait, or ended.
func waits(pod *unstructured.Unstructured, path ...string) []string {
	var lines []string
	statuses, _, _ := unstructured.NestedSlice(pod.Object, path...)
	for _, s := range statuses {
		status, _ := s.(map[string]any)
		for _, state := range []string{"waiting", "terminated"} {
			if reason := text(status, "state", state, "reason"); reason != "" && reason != "ContainerCreating" {
				lines = append(lines, strings.TrimSuffix(reason+": "+text(status, "state", state, "message"), ": "))
			}
		}
	}
	return lines
}
