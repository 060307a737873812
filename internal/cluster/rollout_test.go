// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"github.com/google/go-cmp/cmp"
	"github.com/rerig/rerig/internal/mesh"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"strings"
	"testing"
)

func TestDeploymentRollout(t *testing.T) {
	done := appsv1.DeploymentStatus{ObservedGeneration: 2, Replicas: 3, UpdatedReplicas: 3, ReadyReplicas: 3, AvailableReplicas: 3}
	tests := []struct {
		name    string
		change  func(*appsv1.Deployment)
		message string // a part of it; "" is done
	}{
		{"done", func(*appsv1.Deployment) {}, ""},
		{"no replicas wanted", func(d *appsv1.Deployment) {
			*d.Spec.Replicas, d.Status = 0, appsv1.DeploymentStatus{ObservedGeneration: 2}
		}, ""},
		{"not seen", func(d *appsv1.Deployment) { d.Generation = 3 }, "has not observed"},
		{"not updated", func(d *appsv1.Deployment) { d.Status.UpdatedReplicas = 1 }, "1 out of 3"},
		{"old ones left", func(d *appsv1.Deployment) { d.Status.Replicas = 4 }, "1 old replicas"},
		{"not available", func(d *appsv1.Deployment) { d.Status.AvailableReplicas = 2 }, "2 of 3 updated"},
		{"stuck", func(d *appsv1.Deployment) {
			d.Status.UpdatedReplicas = 1
			d.Status.Conditions = []appsv1.DeploymentCondition{{Type: appsv1.DeploymentProgressing, Status: corev1.ConditionFalse,
				Reason: "ProgressDeadlineExceeded", Message: `ReplicaSet "web-1" has timed out progressing.`}}
		}, `ReplicaSet "web-1" has timed out`},
		{"quota", func(d *appsv1.Deployment) {
			d.Status.UpdatedReplicas = 1
			d.Status.Conditions = []appsv1.DeploymentCondition{{Type: appsv1.DeploymentReplicaFailure, Status: corev1.ConditionTrue,
				Reason: "FailedCreate", Message: "exceeded quota"}}
		}, "exceeded quota"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			d := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Generation: 2}, Spec: appsv1.DeploymentSpec{Replicas: new(int32)}, Status: done}
			*d.Spec.Replicas = 3
			test.change(d)
			checkRollout(t, test.name, withOldPods(deploymentRollout(d), nil), test.message)
		})
	}
}

func TestStatefulSetRollout(t *testing.T) {
	done := appsv1.StatefulSetStatus{ObservedGeneration: 2, Replicas: 2, ReadyReplicas: 2, AvailableReplicas: 2, UpdatedReplicas: 2}
	partition := int32(1)
	tests := []struct {
		name    string
		change  func(*appsv1.StatefulSet)
		message string
		manual  bool
	}{
		{"done", func(*appsv1.StatefulSet) {}, "", false},
		{"never seen", func(s *appsv1.StatefulSet) { s.Generation, s.Status = 0, appsv1.StatefulSetStatus{} }, "has not observed", false},
		{"not seen", func(s *appsv1.StatefulSet) { s.Generation = 3 }, "has not observed", false},
		{"not ready", func(s *appsv1.StatefulSet) { s.Status.ReadyReplicas = 1 }, "1 of 2 pods are ready", false},
		{"not updated", func(s *appsv1.StatefulSet) { s.Status.UpdatedReplicas = 1 }, "1 out of 2", false},
		{"held by a partition", func(s *appsv1.StatefulSet) {
			s.Spec.UpdateStrategy.RollingUpdate = &appsv1.RollingUpdateStatefulSetStrategy{Partition: &partition}
			s.Status.UpdatedReplicas = 1
		}, "", true},
		{"on delete", func(s *appsv1.StatefulSet) {
			s.Spec.UpdateStrategy.Type = appsv1.OnDeleteStatefulSetStrategyType
			s.Status.UpdatedReplicas = 0
		}, "0 out of 2", true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := &appsv1.StatefulSet{ObjectMeta: metav1.ObjectMeta{Generation: 2}, Spec: appsv1.StatefulSetSpec{Replicas: new(int32)}, Status: done}
			*s.Spec.Replicas = 2
			test.change(s)
			got := withOldPods(statefulSetRollout(s), nil)
			checkRollout(t, test.name, got, test.message)
			if got.OnDelete != test.manual {
				t.Errorf("manual is %t", got.OnDelete)
			}
			if got.Partition != (test.name == "held by a partition") {
				t.Errorf("partition is %t", got.Partition)
			}
		})
	}
}

func TestDaemonSetRollout(t *testing.T) {
	done := appsv1.DaemonSetStatus{ObservedGeneration: 2, DesiredNumberScheduled: 3, UpdatedNumberScheduled: 3, NumberAvailable: 3}
	tests := []struct {
		name    string
		change  func(*appsv1.DaemonSet)
		message string
	}{
		{"done", func(*appsv1.DaemonSet) {}, ""},
		{"not seen", func(d *appsv1.DaemonSet) { d.Generation = 3 }, "has not observed"},
		{"not updated", func(d *appsv1.DaemonSet) { d.Status.UpdatedNumberScheduled = 2 }, "2 out of 3"},
		{"not available", func(d *appsv1.DaemonSet) { d.Status.NumberAvailable = 1 }, "1 of 3"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			d := &appsv1.DaemonSet{ObjectMeta: metav1.ObjectMeta{Generation: 2}, Status: done}
			test.change(d)
			checkRollout(t, test.name, withOldPods(daemonSetRollout(d), nil), test.message)
		})
	}
}

func TestOldPodsKeepRolloutOpen(t *testing.T) {
	pods := []mesh.Pod{{Name: "new", Current: true}, {Name: "old", Terminating: true}}
	checkRollout(t, "an old pod drains", withOldPods(mesh.Rollout{}, pods), "such as old")
	checkRollout(t, "none", withOldPods(mesh.Rollout{}, pods[:1]), "")
}

func checkRollout(t *testing.T, name string, got mesh.Rollout, message string) {
	t.Helper()
	if got.Done != (message == "") || !strings.Contains(got.Message, message) {
		t.Errorf("%s: got %s, want the message %q", name, cmp.Diff(mesh.Rollout{}, got), message)
	}
}
