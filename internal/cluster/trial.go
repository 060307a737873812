// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"cmp"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rerig/rerig/api/v1alpha1"
	"github.com/rerig/rerig/internal/mesh"
)

// trialOf reads a trial pod, one that has run to its end too: it is a run's, and
// is to go. The label alone proves nothing; the owner does.
func trialOf(p *corev1.Pod) (mesh.Trial, bool) {
	owner := metav1.GetControllerOfNoCopy(p)
	if p.Labels[v1alpha1.LabelTrial] != "true" || owner == nil || owner.Kind != v1alpha1.Kind || owner.APIVersion != v1alpha1.GroupVersion.String() {
		return mesh.Trial{}, false
	}
	t := mesh.Trial{
		Run:       owner.Name,
		Template:  p.Annotations[v1alpha1.AnnotationTrialTemplate],
		Revision:  p.Annotations[v1alpha1.AnnotationTrialRevision],
		Mode:      p.Annotations[v1alpha1.AnnotationTrialMode],
		Gated:     slices.ContainsFunc(p.Spec.SchedulingGates, trialGate),
		Namespace: p.Namespace,
	}
	if over(p) {
		t.Ended = said(string(p.Status.Phase), p.Status.Reason, p.Status.Message)
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
	kind, name, _ := cut(p.Annotations[v1alpha1.AnnotationTrialOf])
	t.Workload = mesh.Workload{Kind: kind, Namespace: p.Namespace, Name: name}.Key()
	if found, alive := podOf(p); alive {
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

func trialGate(g corev1.PodSchedulingGate) bool { return g.Name == v1alpha1.GateTrial }
