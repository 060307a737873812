// SPDX-License-Identifier: Apache-2.0

package kubelet

import (
	"context"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// State is what a kubelet knows of a pod with one container.
type State struct {
	// IP is the pod's, HostIP its node's; IP is empty until there has been a process.
	IP, HostIP string
	// Began is when the agent took the pod up.
	Began time.Time
	// Running is when the present process began, zero when there is none.
	Running time.Time
	// Waiting says why there is none: ErrImagePull, ImagePullBackOff,
	// CreateContainerConfigError, CrashLoopBackOff.
	Waiting, Message string
	Ready            bool
	Restarts         int32
	// Last is how the process before ended, nil when there was none.
	Last *corev1.ContainerStateTerminated
}

// Status is the state as a kubelet would report it at the time now, for a pod whose status was before.
func Status(pod *corev1.Pod, s State, now time.Time) corev1.PodStatus {
	began := metav1.NewTime(s.Began)
	out := corev1.PodStatus{Phase: corev1.PodPending, StartTime: &began, HostIP: s.HostIP, HostIPs: []corev1.HostIP{{IP: s.HostIP}}}
	if s.IP != "" {
		out.Phase, out.PodIP, out.PodIPs = corev1.PodRunning, s.IP, []corev1.PodIP{{IP: s.IP}}
	}
	out.Conditions = conditions(pod.Status.Conditions, s, metav1.NewTime(now))
	out.ContainerStatuses = []corev1.ContainerStatus{container(&pod.Spec.Containers[0], s)}
	return out
}

func container(c *corev1.Container, s State) corev1.ContainerStatus {
	started := !s.Running.IsZero()
	out := corev1.ContainerStatus{
		Name: c.Name, Image: c.Image, Ready: s.Ready, Started: &started, RestartCount: s.Restarts,
		LastTerminationState: corev1.ContainerState{Terminated: s.Last},
	}
	if started {
		out.ImageID = c.Image
		out.State.Running = &corev1.ContainerStateRunning{StartedAt: metav1.NewTime(s.Running)}
	} else {
		out.State.Waiting = &corev1.ContainerStateWaiting{Reason: s.Waiting, Message: s.Message}
	}
	return out
}

// conditions keep their times where they say what they said before.
func conditions(before []corev1.PodCondition, s State, now metav1.Time) []corev1.PodCondition {
	out := []corev1.PodCondition{
		{Type: corev1.PodReadyToStartContainers, Status: corev1.ConditionTrue},
		{Type: corev1.PodInitialized, Status: corev1.ConditionTrue},
		{Type: corev1.PodScheduled, Status: corev1.ConditionTrue},
		{Type: corev1.ContainersReady, Status: corev1.ConditionTrue},
		{Type: corev1.PodReady, Status: corev1.ConditionTrue},
	}
	if !s.Ready {
		for i := range out[3:] {
			c := &out[3+i]
			c.Status, c.Reason, c.Message = corev1.ConditionFalse, "ContainersNotReady", "containers with unready status: [discovery]"
		}
	}
	for i := range out {
		out[i].LastTransitionTime = now
		for _, b := range before {
			if b.Type == out[i].Type && b.Status == out[i].Status {
				out[i].LastTransitionTime = b.LastTransitionTime
			}
		}
	}
	return out
}

func (t *task) hindered(ctx context.Context, reason string, err error) bool {
	t.state.Waiting, t.state.Message = reason, err.Error()
	t.report(ctx)
	return false
}

// ended tells of a process that has ended by itself.
func (t *task) ended(ctx context.Context) {
	now := time.Now()
	t.agent.say(t.pod, "its process has ended")
	t.state.Last = &corev1.ContainerStateTerminated{
		ExitCode: 1, Reason: "Error", Message: "its exit code is not known", StartedAt: metav1.NewTime(t.state.Running), FinishedAt: metav1.NewTime(now),
	}
	t.state.Ready, t.state.Running = false, time.Time{}
	t.state.Restarts++
	t.state.Waiting, t.state.Message = "CrashLoopBackOff", "back-off restarting failed container"
	t.report(ctx)
}

// report writes the status when it says something new.
func (t *task) report(ctx context.Context) {
	if t.state == t.said {
		return
	}
	status := Status(t.pod, t.state, time.Now())
	if err := t.agent.Cluster.SetStatus(ctx, t.pod, status); err != nil {
		if ctx.Err() == nil {
			t.agent.say(t.pod, "%v", err)
		}
		return // and again at the next look
	}
	t.said = t.state
	t.pod = t.pod.DeepCopy()
	t.pod.Status.Conditions = status.Conditions
}
