// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"cmp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rerig/rerig/api/v1alpha1"
	"github.com/rerig/rerig/internal/mesh"
)

// trialOf returns a trial pod, also one that has ended: its run has to delete it. A
// trial pod is known by its owner; the label alone is not enough.
func trialOf(p *corev1.Pod) (mesh.Trial, bool) {
	owner := metav1.GetControllerOfNoCopy(p)
	owned := owner != nil && owner.Kind == v1alpha1.Kind && owner.APIVersion == v1alpha1.GroupVersion.String()
	if p.Labels[v1alpha1.LabelTrial] != "true" || !owned {
		return mesh.Trial{}, false
	}
	t := mesh.Trial{
		Run:       owner.Name,
		Template:  p.Annotations[v1alpha1.AnnotationTrialTemplate],
		Revision:  p.Annotations[v1alpha1.AnnotationTrialRevision],
		Mode:      p.Annotations[v1alpha1.AnnotationTrialMode],
		Gated:     slices.ContainsFunc(p.Spec.SchedulingGates, isTrialGate),
		Namespace: p.Namespace,
	}
	if ended(p) {
		t.Ended = joinReason(string(p.Status.Phase), p.Status.Reason, p.Status.Message)
	}
	if c, ok := condition(p, corev1.ContainersReady); ok {
		t.ContainersReady = c.Status == corev1.ConditionTrue
	}
	if c, ok := condition(p, v1alpha1.ConditionServes); ok {
		t.Phase, t.Since = mesh.Served, c.LastTransitionTime.UTC()
		if c.Status == corev1.ConditionTrue {
			t.Phase = mesh.Serving
		}
	}
	t.Workload = workloadOfTrial(p)
	if found, ok := podOf(p); ok {
		t.Pod = found.Pod
	} else {
		t.Pod = mesh.Pod{Name: p.Name, UID: string(p.UID), Terminating: p.DeletionTimestamp != nil, Problem: trouble(p)}
	}
	t.Pod.Problem = cmp.Or(t.Pod.Problem, string(p.Status.Phase))
	if t.ContainersReady {
		t.Pod.Problem = ""
	}
	return t, true
}

func isTrialGate(g corev1.PodSchedulingGate) bool { return g.Name == v1alpha1.GateTrial }

// workloadOfTrial returns the workload that a trial pod's annotation names:
// "Deployment web", or "Deployment shop/web".
func workloadOfTrial(p *corev1.Pod) mesh.WorkloadRef {
	kind, name, _ := strings.Cut(p.Annotations[v1alpha1.AnnotationTrialOf], " ")
	if _, after, in := strings.Cut(name, "/"); in {
		name = after
	}
	return mesh.RefOf(mesh.Kind(kind), p.Namespace, name)
}
