// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"strconv"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

const (
	revisionAnnotation = "deployment.kubernetes.io/revision" // on a ReplicaSet: which of its Deployment's templates it is
	podTemplateHash    = appsv1.DefaultDeploymentUniqueLabelKey
	revisionHash       = appsv1.ControllerRevisionHashLabelKey
)

// current is the label by which pods of a workload's newest template are known.
// An unset value means that no pod is known to be current: the controller has
// not seen the newest template, or it is not known which one that is.
type current struct{ label, value string }

func (c current) has(labels map[string]string) bool {
	return c.value != "" && labels[c.label] == c.value
}

// generation is one template of a workload: a ReplicaSet's or a
// ControllerRevision's name among the others of its owner.
type generation struct {
	number int64
	hash   string
}

// generations notes the newest template of each owner.
type generations map[types.UID]generation

func (g generations) note(owner types.UID, number int64, hash string) {
	if newest, ok := g[owner]; !ok || number > newest.number {
		g[owner] = generation{number, hash}
	}
}

// noteReplicaSet notes a Deployment's ReplicaSet. One without a number is not
// yet taken into the Deployment's history, and comes before all others.
func (g generations) noteReplicaSet(m *metav1.ObjectMeta) {
	owner := metav1.GetControllerOfNoCopy(m)
	if owner == nil {
		return
	}
	number, err := strconv.ParseInt(m.Annotations[revisionAnnotation], 10, 64)
	if err != nil {
		number = -1
	}
	g.note(owner.UID, number, m.Labels[podTemplateHash])
}

func (g generations) noteControllerRevision(r *appsv1.ControllerRevision) {
	if owner := metav1.GetControllerOfNoCopy(r); owner != nil {
		g.note(owner.UID, r.Revision, r.Labels[revisionHash])
	}
}

// currentDeployment tells a Deployment's current pods. Its ReplicaSets must have
// been read after it: once it says that it has seen its newest template, the
// ReplicaSet of that template is there.
func currentDeployment(d *appsv1.Deployment, replicaSets generations) current {
	if d.Generation > d.Status.ObservedGeneration {
		return current{}
	}
	return current{podTemplateHash, replicaSets[d.UID].hash}
}

func currentStatefulSet(s *appsv1.StatefulSet) current {
	if s.Generation > s.Status.ObservedGeneration {
		return current{}
	}
	return current{revisionHash, s.Status.UpdateRevision}
}

// currentDaemonSet tells a DaemonSet's current pods. Its ControllerRevisions
// must have been read after it.
func currentDaemonSet(d *appsv1.DaemonSet, revisions generations) current {
	if d.Generation > d.Status.ObservedGeneration {
		return current{}
	}
	return current{revisionHash, revisions[d.UID].hash}
}
