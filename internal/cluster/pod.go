// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"maps"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rerig/rerig/internal/mesh"
)

// pod is what is kept of a pod: its page is gone when the next one comes.
type pod struct {
	mesh.Pod
	namespace string
	since     time.Time // when it became ready
	owner     owner     // once it is known the root of all
	made      owner     // what made it: the first link
	labels    map[string]string
	gateway   bool
	own       mesh.Template // what it was made from, as far as the pod shows it
	needs     mesh.Needs
}

// podOf is false for pods that have run to their end: they hold no connection,
// whatever their annotations say. Those that a swap keeps are still its to take
// away: no controller does.
func podOf(p *corev1.Pod) (pod, bool) {
	if over(p) && swapOf(p).Place == mesh.Attached {
		return pod{}, false
	}
	o := pod{
		Pod: mesh.Pod{
			Name:          p.Name,
			UID:           string(p.UID),
			Node:          p.Spec.NodeName,
			Running:       p.Status.Phase == corev1.PodRunning,
			Ready:         ready(p) && !over(p),
			Terminating:   p.DeletionTimestamp != nil,
			Sidecar:       sidecarOf(p),
			Problem:       trouble(p),
			Created:       p.CreationTimestamp.UTC(),
			HasController: metav1.GetControllerOfNoCopy(p) != nil,
			Swap:          swapOf(p),
			GracePeriod:   grace(p),
		},
		namespace: p.Namespace,
		since:     readySince(p),
		owner:     podOwner(p),
		made:      podOwner(p),
		labels:    p.Labels,
		gateway:   gateway(p.ObjectMeta, &p.Spec),
		needs:     needsOf(&p.Spec),
	}
	if !restartable(o.owner.kind) && o.owner.kind != "ReplicaSet" {
		o.own = mesh.Template{Labels: p.Labels, HostNetwork: p.Spec.HostNetwork, Containers: containersOf(&p.Spec)}
		o.own.Annotations = maps.Clone(p.Annotations)
		for _, injected := range []string{statusAnnotation, mesh.RevisionLabel} {
			delete(o.own.Annotations, injected)
		}
	}
	return o, true
}

// over reports whether a pod has run to its end.
func over(p *corev1.Pod) bool {
	return p.Status.Phase == corev1.PodSucceeded || p.Status.Phase == corev1.PodFailed
}

// restartable reports whether a rolling restart moves the kind.
func restartable(k mesh.Kind) bool {
	return slices.Contains([]mesh.Kind{mesh.Deployment, mesh.StatefulSet, mesh.DaemonSet}, k)
}
