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
		t.Errorf("got phase %s, address %q, ready %s, want Pending, none, not ready", got.Phase, got.PodIP, readyCondition(got).Status)
	}
	c := got.ContainerStatuses[0]
	if c.State.Waiting == nil || c.State.Waiting.Reason != "ErrImagePull" || c.Name != "discovery" {
		t.Errorf("container %s: got waiting state %v, want ErrImagePull", c.Name, c.State.Waiting)
	}
}

func TestPodStatusOfRunningProcess(t *testing.T) {
	pod := istiod()
	s := PodState{IP: "10.245.0.1", StartTime: noon, ProcessStart: noon}
	pod.Status = PodStatus(pod, s, noon)
	if pod.Status.Phase != corev1.PodRunning || readyCondition(pod.Status).Status != corev1.ConditionFalse {
		t.Errorf("before readiness: got phase %s, ready %s, want Running, not ready", pod.Status.Phase, readyCondition(pod.Status).Status)
	}
	s.Ready = true
	pod.Status = PodStatus(pod, s, noon.Add(time.Minute))
	since := &metav1.Time{Time: noon.Add(time.Minute)}
	if c := readyCondition(pod.Status); c.Status != corev1.ConditionTrue || !c.LastTransitionTime.Equal(since) {
		t.Errorf("got ready %s since %s, want True since %s", c.Status, c.LastTransitionTime, since)
	}
	pod.Status = PodStatus(pod, s, noon.Add(time.Hour))
	if c := readyCondition(pod.Status); !c.LastTransitionTime.Equal(since) {
		t.Errorf("still ready: got a transition at %s, want %s", c.LastTransitionTime, since)
	}
}

func TestPodStatusAfterProcessExit(t *testing.T) {
	last := &corev1.ContainerStateTerminated{ExitCode: 1}
	s := PodState{IP: "10.245.0.1", StartTime: noon, Restarts: 2, WaitingReason: "CrashLoopBackOff", LastTermination: last}
	got := PodStatus(istiod(), s, noon)
	c := got.ContainerStatuses[0]
	if got.Phase != corev1.PodRunning || c.RestartCount != 2 || c.LastTerminationState.Terminated != last ||
		c.State.Waiting.Reason != "CrashLoopBackOff" {
		t.Errorf("got phase %s, container %+v, want the termination and CrashLoopBackOff", got.Phase, c)
	}
}
