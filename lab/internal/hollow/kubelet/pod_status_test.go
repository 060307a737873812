// SPDX-License-Identifier: Apache-2.0

package kubelet

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

var noon = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

func readyCondition(s corev1.PodStatus) corev1.PodCondition {
	for _, c := range s.Conditions {
		if c.Type == corev1.PodReady {
			return c
		}
	}
	return corev1.PodCondition{}
}

func TestPodStatusWithoutImage(t *testing.T) {
	got := PodStatus(istiod(), PodState{HostIP: "172.30.254.1", StartTime: noon, WaitingReason: "ErrImagePull", Message: "no"}, noon)
	if got.Phase != corev1.PodPending || got.PodIP != "" || readyCondition(got).Status != corev1.ConditionFalse {
		t.Errorf("the pod is %s at %q, ready %s; want Pending, without an address, not ready", got.Phase, got.PodIP, readyCondition(got).Status)
	}
	c := got.ContainerStatuses[0]
	if c.State.Waiting == nil || c.State.Waiting.Reason != "ErrImagePull" || c.Name != "discovery" {
		t.Errorf("container %s waits for %v; want ErrImagePull", c.Name, c.State.Waiting)
	}
}

func TestPodStatusOfRunningProcess(t *testing.T) {
	pod := istiod()
	s := PodState{IP: "10.245.0.1", StartTime: noon, ProcessStart: noon}
	pod.Status = PodStatus(pod, s, noon)
	if pod.Status.Phase != corev1.PodRunning || readyCondition(pod.Status).Status != corev1.ConditionFalse {
		t.Errorf("a process that isn't ready: %s, ready %s", pod.Status.Phase, readyCondition(pod.Status).Status)
	}
	s.Ready = true
	pod.Status = PodStatus(pod, s, noon.Add(time.Minute))
	if c := readyCondition(pod.Status); c.Status != corev1.ConditionTrue || !c.LastTransitionTime.Equal(&metav1.Time{Time: noon.Add(time.Minute)}) {
		t.Errorf("a ready process: ready %s since %s", c.Status, c.LastTransitionTime)
	}
	pod.Status = PodStatus(pod, s, noon.Add(time.Hour))
	if c := readyCondition(pod.Status); !c.LastTransitionTime.Equal(&metav1.Time{Time: noon.Add(time.Minute)}) {
		t.Errorf("it was ready all the time, and is said to be since %s", c.LastTransitionTime)
	}
}

func TestPodStatusAfterProcessExit(t *testing.T) {
	last := &corev1.ContainerStateTerminated{ExitCode: 1}
	got := PodStatus(istiod(), PodState{IP: "10.245.0.1", StartTime: noon, Restarts: 2, WaitingReason: "CrashLoopBackOff", LastTermination: last}, noon)
	c := got.ContainerStatuses[0]
	if got.Phase != corev1.PodRunning || c.RestartCount != 2 || c.LastTerminationState.Terminated != last || c.State.Waiting.Reason != "CrashLoopBackOff" {
		t.Errorf("the status is %s, %+v", got.Phase, c)
	}
}
