// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"cmp"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/rerig/rerig/api/v1alpha1"
	"github.com/rerig/rerig/internal/mesh"
)

// controller is a Deployment, StatefulSet or DaemonSet before it has met its pods.
type controller struct {
	mesh.Workload
	uid     types.UID
	current func(generations) current // which of its pods are of its newest template
	bySince bool                      // its pods are current when they were made at since or later
	since   time.Time
	steady  time.Duration // how long a pod has to be ready before it counts: minReadySeconds
	lender  string        // the Deployment whose template it uses, "" its own

	selector mesh.Selector // a Deployment's, of its pods
}

func controllerOn(kind mesh.Kind, m *metav1.ObjectMeta, t *corev1.PodTemplateSpec) controller {
	return controller{
		Workload: mesh.Workload{
			Kind:              kind,
			Namespace:         m.Namespace,
			Name:              m.Name,
			Gateway:           gateway(t.ObjectMeta, &t.Spec),
			Template:          templateOf(t),
			NoSecondPod:       aloneBy(&t.Spec),
			Drains:            m.Annotations[v1alpha1.AnnotationDrains] == "true",
			RestartAnnotation: stampOf(t.Annotations),
			ManagedBy:         trackerOf(m),
		},
		uid: m.UID,
	}
}

func deployment(d *appsv1.Deployment) controller {
	c := controllerOn(mesh.Deployment, &d.ObjectMeta, &d.Spec.Template)
	c.Replicas, c.Rollout = int(replicas(d.Spec.Replicas)), deploymentRollout(d)
	c.Downtime, c.Surge = deploymentGap(d), deploymentSurge(d)
	c.NoSecondPod = cmp.Or(aloneDeployment(d), c.NoSecondPod)
	c.NotSideBySide, c.SelectsRevision, c.selector = unsplit(d), selectsRevision(d.Spec.Selector), selectorOf(d.Spec.Selector)
	c.steady = time.Duration(d.Spec.MinReadySeconds) * time.Second
	d = &appsv1.Deployment{ObjectMeta: d.ObjectMeta, Status: d.Status}
	c.current = func(g generations) current { return currentDeployment(d, g) }
	return c
}

func statefulSet(s *appsv1.StatefulSet) controller {
	c := controllerOn(mesh.StatefulSet, &s.ObjectMeta, &s.Spec.Template)
	c.Replicas, c.Rollout = int(replicas(s.Spec.Replicas)), statefulSetRollout(s)
	c.Downtime, c.SelectsRevision = statefulSetGap(s), selectsRevision(s.Spec.Selector)
	c.NoSecondPod = cmp.Or(aloneStatefulSet(s), c.NoSecondPod)
	newest := currentStatefulSet(s)
	c.current = func(generations) current { return newest }
	return c
}

func daemonSet(d *appsv1.DaemonSet) controller {
	c := controllerOn(mesh.DaemonSet, &d.ObjectMeta, &d.Spec.Template)
	c.Replicas, c.Rollout = int(d.Status.DesiredNumberScheduled), daemonSetRollout(d)
	c.Downtime, c.Surge = daemonSetGap(d), daemonSetSurge(d)
	c.SelectsRevision = selectsRevision(d.Spec.Selector)
	c.NoSecondPod = cmp.Or(aloneDaemonSet(d), c.NoSecondPod)
	d = &appsv1.DaemonSet{ObjectMeta: d.ObjectMeta, Status: d.Status}
	c.current = func(g generations) current { return currentDaemonSet(d, g) }
	return c
}

// boundNamespace reports whether a namespace's labels choose a revision, or none.
func boundNamespace(labels map[string]string) bool {
	_, injection := labels[mesh.InjectionLabel]
	_, revision := labels[mesh.RevisionLabel]
	return injection || revision
}

// boundTemplate reports whether a template asks for a sidecar by itself.
func boundTemplate(labels map[string]string) bool {
	_, revision := labels[mesh.RevisionLabel]
	return revision || labels[mesh.SidecarLabel] == "true"
}
