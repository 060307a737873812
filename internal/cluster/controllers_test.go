// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"testing"
)

// owned returns the metadata of an object with a controller.
func owned(uid string, labels, annotations map[string]string) metav1.ObjectMeta {
	yes := true
	return metav1.ObjectMeta{Labels: labels, Annotations: annotations,
		OwnerReferences: []metav1.OwnerReference{{UID: types.UID(uid), Controller: &yes, Kind: "Deployment", Name: uid}}}
}

func replicaSet(uid, hash, number string) *metav1.ObjectMeta {
	m := owned(uid, map[string]string{"pod-template-hash": hash}, nil)
	if number != "" {
		m.Annotations = map[string]string{"deployment.kubernetes.io/revision": number}
	}
	return &m
}

func TestCurrentDeployment(t *testing.T) {
	g := newestTemplates{}
	// Numbers are compared as numbers; a rollout undo gives an old ReplicaSet the
	// highest number; one without a number is not in the history yet.
	for _, m := range []*metav1.ObjectMeta{
		replicaSet("d", "nine", "9"), replicaSet("d", "ten", "10"), replicaSet("d", "none", ""), replicaSet("other", "x", "11"), {},
	} {
		g.addReplicaSet(m)
	}
	d := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{UID: "d", Generation: 4}, Status: appsv1.DeploymentStatus{ObservedGeneration: 4}}
	for hash, want := range map[string]bool{"ten": true, "nine": false, "none": false, "": false} {
		if got := currentOfDeployment(d, g).on(map[string]string{"pod-template-hash": hash}); got != want {
			t.Errorf("pod of %q: current is %t", hash, got)
		}
	}
	d.Generation = 5
	if currentOfDeployment(d, g).on(map[string]string{"pod-template-hash": "ten"}) {
		t.Error("a pod is current though the controller has not seen the newest template")
	}
	d.Generation, d.UID = 4, "without ReplicaSets"
	if currentOfDeployment(d, g).on(map[string]string{}) {
		t.Error("a pod without a hash is current of a Deployment without ReplicaSets")
	}
}

func TestCurrentStatefulSet(t *testing.T) {
	s := &appsv1.StatefulSet{
		ObjectMeta: metav1.ObjectMeta{Generation: 2},
		Status:     appsv1.StatefulSetStatus{ObservedGeneration: 2, UpdateRevision: "db-2", CurrentRevision: "db-1"},
	}
	for hash, want := range map[string]bool{"db-2": true, "db-1": false} {
		if got := currentOfStatefulSet(s).on(map[string]string{"controller-revision-hash": hash}); got != want {
			t.Errorf("pod of %s: current is %t", hash, got)
		}
	}
	s.Generation = 3
	if currentOfStatefulSet(s).on(map[string]string{"controller-revision-hash": "db-2"}) {
		t.Error("a pod is current though the controller has not seen the newest template")
	}
}

func TestCurrentDaemonSet(t *testing.T) {
	g := newestTemplates{}
	for number, hash := range map[int64]string{1: "old", 12: "new", 3: "older"} {
		g.addControllerRevision(
			&appsv1.ControllerRevision{ObjectMeta: owned("ds", map[string]string{"controller-revision-hash": hash}, nil), Revision: number},
		)
	}
	d := &appsv1.DaemonSet{ObjectMeta: metav1.ObjectMeta{UID: "ds", Generation: 1}, Status: appsv1.DaemonSetStatus{ObservedGeneration: 1}}
	for hash, want := range map[string]bool{"new": true, "old": false} {
		if got := currentOfDaemonSet(d, g).on(map[string]string{"controller-revision-hash": hash}); got != want {
			t.Errorf("pod of %s: current is %t", hash, got)
		}
	}
	d.Generation = 2
	if currentOfDaemonSet(d, g).on(map[string]string{"controller-revision-hash": "new"}) {
		t.Error("a pod is current though the controller has not seen the newest template")
	}
}
