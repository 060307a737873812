// SPDX-License-Identifier: Apache-2.0

package apiclient

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
)

var portForwards = schema.GroupVersionResource{Group: "kwok.x-k8s.io", Version: "v1alpha1", Resource: "portforwards"}

// UpdatePodStatus writes the pod's status as its kubelet does. A deleted pod is no error.
func (c *Client) UpdatePodStatus(ctx context.Context, pod *corev1.Pod, status corev1.PodStatus) error {
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{"uid": pod.UID}, "status": status})
	if err != nil {
		return fmt.Errorf("encode the status of pod %s/%s: %w", pod.Namespace, pod.Name, err)
	}
	_, err = c.core.Pods(pod.Namespace).Patch(ctx, pod.Name, types.StrategicMergePatchType, patch, metav1.PatchOptions{}, "status")
	if err != nil && !apierrors.IsNotFound(err) && !apierrors.IsConflict(err) {
		return fmt.Errorf("write the status of pod %s/%s: %w", pod.Namespace, pod.Name, err)
	}
	return nil
}

// DeletePod deletes the pod immediately, if its UID is unchanged. A deleted pod is no error.
func (c *Client) DeletePod(ctx context.Context, pod *corev1.Pod) error {
	now := int64(0)
	err := c.core.Pods(pod.Namespace).Delete(ctx, pod.Name, metav1.DeleteOptions{
		GracePeriodSeconds: &now, Preconditions: &metav1.Preconditions{UID: &pod.UID},
	})
	if err != nil && !apierrors.IsNotFound(err) && !apierrors.IsConflict(err) {
		return fmt.Errorf("delete pod %s/%s: %w", pod.Namespace, pod.Name, err)
	}
	return nil
}

// SetPortForward makes `kubectl port-forward` to the pod connect to local host:port addresses. It
// applies a kwok PortForward object that the pod owns.
func (c *Client) SetPortForward(ctx context.Context, pod *corev1.Pod, ports map[int]string) error {
	var forwards []any
	for _, p := range slices.Sorted(maps.Keys(ports)) {
		host, local, err := net.SplitHostPort(ports[p])
		if err != nil {
			return fmt.Errorf("parse the local address of port %d: %w", p, err)
		}
		n, err := strconv.ParseInt(local, 10, 32)
		if err != nil {
			return fmt.Errorf("parse the local port of port %d: %w", p, err)
		}
		forwards = append(forwards, map[string]any{
			"ports": []any{int64(p)}, "target": map[string]any{"address": host, "port": n},
		})
	}
	o := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": portForwards.GroupVersion().String(), "kind": "PortForward",
		"metadata": map[string]any{
			"name": pod.Name, "namespace": pod.Namespace,
			"ownerReferences": []any{map[string]any{"apiVersion": "v1", "kind": "Pod", "name": pod.Name, "uid": string(pod.UID)}},
		},
		"spec": map[string]any{"forwards": forwards},
	}}
	_, err := c.dynamic.Resource(portForwards).Namespace(pod.Namespace).
		Apply(ctx, pod.Name, o, metav1.ApplyOptions{FieldManager: "lab", Force: true})
	if err != nil {
		return fmt.Errorf("apply PortForward %s/%s: %w", pod.Namespace, pod.Name, err)
	}
	return nil
}
