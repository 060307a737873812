// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"cmp"
	"strconv"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/rerig/rerig/api/v1alpha1"
	"github.com/rerig/rerig/internal/cluster/client"
	"github.com/rerig/rerig/internal/cluster/gatewayapi"
	"github.com/rerig/rerig/internal/cluster/rendered"
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/swap"
)

// controller is a workload's controller without its pods.
type controller struct {
	mesh.Workload
	uid          types.UID
	current      func(newestTemplates) currentLabel // of the pods of its newest template
	byTime       bool                               // its current pods are those created at since or later
	since        time.Time
	minReady     time.Duration    // how long a pod has to be ready until it counts
	templateFrom mesh.WorkloadRef // the Deployment whose template it uses, "" for its own
	selector     mesh.Selector    // a Deployment's, of its pods
}

func controllerOf(kind mesh.Kind, m *metav1.ObjectMeta, t *corev1.PodTemplateSpec) controller {
	path := templateLabels
	if kind == mesh.CronJob {
		path = jobLabels
	}
	return controller{
		Workload: mesh.Workload{
			Kind:              kind,
			Namespace:         m.Namespace,
			Name:              m.Name,
			Gateway:           isGateway(t.ObjectMeta, &t.Spec),
			Template:          templateOf(t),
			NoSecondPod:       aloneByTemplate(&t.Spec),
			Drains:            m.Annotations[v1alpha1.AnnotationDrains] == "true",
			RestartAnnotation: restartAnnotations(t.Annotations),
			ManagedBy:         cmp.Or(trackedBy(m), gitOpsOwner(m, path, mesh.RevisionLabel)),
			SetBy:             labelsSetBy(m, path, mesh.RevisionLabel),
		},
		uid:     m.UID,
		current: noneCurrent,
	}
}

func deployment(d *appsv1.Deployment) controller {
	c := controllerOf(mesh.Deployment, &d.ObjectMeta, &d.Spec.Template)
	c.Replicas, c.Rollout = int(replicas(d.Spec.Replicas)), deploymentRollout(d)
	c.Downtime, c.Surge = deploymentGap(d), deploymentSurge(d)
	c.NoSecondPod = cmp.Or(aloneDeployment(d), c.NoSecondPod)
	c.NotSideBySide, c.SelectsRevision, c.selector = swapBlocker(d), client.SelectsRevision(d.Spec.Selector), client.Selector(d.Spec.Selector)
	c.minReady = time.Duration(d.Spec.MinReadySeconds) * time.Second
	c.Settings, c.Held = settingsOf(d), swap.ReadHeld(d.Annotations)
	c.APIGateway.FrozenBy, c.Installed = d.Annotations[gatewayapi.FrozenAnnotation], rendered.InstalledOf(&d.ObjectMeta)
	d = &appsv1.Deployment{ObjectMeta: d.ObjectMeta, Status: d.Status} // the rest is not held
	c.current = func(n newestTemplates) currentLabel { return currentOfDeployment(d, n) }
	return c
}

// settingsOf returns how a new template replaces a Deployment's pods.
func settingsOf(d *appsv1.Deployment) mesh.RolloutSettings {
	s := mesh.RolloutSettings{MinReadySeconds: int(d.Spec.MinReadySeconds)}
	if d.Spec.ProgressDeadlineSeconds != nil {
		s.ProgressDeadlineSeconds = int(*d.Spec.ProgressDeadlineSeconds)
	}
	r := d.Spec.Strategy.RollingUpdate
	if r == nil {
		return s
	}
	if r.MaxSurge != nil {
		s.MaxSurge = r.MaxSurge.String()
	}
	if r.MaxUnavailable != nil {
		s.MaxUnavailable = r.MaxUnavailable.String()
	}
	return s
}

func statefulSet(s *appsv1.StatefulSet) controller {
	c := controllerOf(mesh.StatefulSet, &s.ObjectMeta, &s.Spec.Template)
	c.Replicas, c.Rollout = int(replicas(s.Spec.Replicas)), statefulSetRollout(s)
	c.Downtime, c.SelectsRevision = statefulSetGap(s), client.SelectsRevision(s.Spec.Selector)
	c.NoSecondPod = cmp.Or(aloneStatefulSet(s), c.NoSecondPod)
	newest := currentOfStatefulSet(s)
	c.current = func(newestTemplates) currentLabel { return newest }
	return c
}

func daemonSet(d *appsv1.DaemonSet) controller {
	c := controllerOf(mesh.DaemonSet, &d.ObjectMeta, &d.Spec.Template)
	c.Replicas, c.Rollout = int(d.Status.DesiredNumberScheduled), daemonSetRollout(d)
	c.Downtime, c.Surge = daemonSetGap(d), daemonSetSurge(d)
	c.SelectsRevision = client.SelectsRevision(d.Spec.Selector)
	c.NoSecondPod = cmp.Or(aloneDaemonSet(d), c.NoSecondPod)
	d = &appsv1.DaemonSet{ObjectMeta: d.ObjectMeta, Status: d.Status} // the rest is not held
	c.current = func(n newestTemplates) currentLabel { return currentOfDaemonSet(d, n) }
	return c
}

// bindsNamespace reports whether a namespace's labels choose a revision, or no
// injection.
func bindsNamespace(labels map[string]string) bool {
	_, injection := labels[mesh.InjectionLabel]
	_, revision := labels[mesh.RevisionLabel]
	return injection || revision
}

// bindsTemplate reports whether a template's labels ask for a sidecar.
func bindsTemplate(labels map[string]string) bool {
	_, revision := labels[mesh.RevisionLabel]
	return revision || labels[mesh.SidecarLabel] == "true"
}

const (
	revisionAnnotation = "deployment.kubernetes.io/revision" // on a ReplicaSet: the number of its Deployment's template
	podTemplateHash    = appsv1.DefaultDeploymentUniqueLabelKey
	revisionHash       = appsv1.ControllerRevisionHashLabelKey
)

// currentLabel is the label that pods of a workload's newest template have. It has
// no value where no pod is known to be current: the controller has not observed the
// newest template, or it is not known which one that is.
type currentLabel struct{ key, value string }

func (c currentLabel) on(labels map[string]string) bool {
	return c.value != "" && labels[c.key] == c.value
}

// noneCurrent is for controllers whose current pods are not known by a label.
func noneCurrent(newestTemplates) currentLabel { return currentLabel{} }

// templateNumber is one template of a workload: a ReplicaSet or a
// ControllerRevision, by its number among the others of its owner.
type templateNumber struct {
	number int64
	hash   string
}

// newestTemplates has the newest template of each owner.
type newestTemplates map[types.UID]templateNumber

func (n newestTemplates) add(owner types.UID, number int64, hash string) {
	if newest, ok := n[owner]; !ok || number > newest.number {
		n[owner] = templateNumber{number, hash}
	}
}

// addReplicaSet adds a Deployment's ReplicaSet. One without a number is not yet part
// of the Deployment's history and comes before all others.
func (n newestTemplates) addReplicaSet(m *metav1.ObjectMeta) {
	owner := metav1.GetControllerOfNoCopy(m)
	if owner == nil {
		return
	}
	number, err := strconv.ParseInt(m.Annotations[revisionAnnotation], 10, 64)
	if err != nil {
		number = -1
	}
	n.add(owner.UID, number, m.Labels[podTemplateHash])
}

func (n newestTemplates) addControllerRevision(r *appsv1.ControllerRevision) {
	if owner := metav1.GetControllerOfNoCopy(r); owner != nil {
		n.add(owner.UID, r.Revision, r.Labels[revisionHash])
	}
}

// currentOfDeployment returns the label of a Deployment's current pods. Its
// ReplicaSets must have been read after it: once it reports that it observed its
// newest template, the ReplicaSet of that template exists.
func currentOfDeployment(d *appsv1.Deployment, replicaSets newestTemplates) currentLabel {
	if d.Generation > d.Status.ObservedGeneration {
		return currentLabel{}
	}
	return currentLabel{podTemplateHash, replicaSets[d.UID].hash}
}

func currentOfStatefulSet(s *appsv1.StatefulSet) currentLabel {
	if s.Generation > s.Status.ObservedGeneration {
		return currentLabel{}
	}
	return currentLabel{revisionHash, s.Status.UpdateRevision}
}

// currentOfDaemonSet returns the label of a DaemonSet's current pods. Its
// ControllerRevisions must have been read after it.
func currentOfDaemonSet(d *appsv1.DaemonSet, revisions newestTemplates) currentLabel {
	if d.Generation > d.Status.ObservedGeneration {
		return currentLabel{}
	}
	return currentLabel{revisionHash, revisions[d.UID].hash}
}
