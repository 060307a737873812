// SPDX-License-Identifier: Apache-2.0

package kubelet

import (
	"context"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// PodState is what a kubelet knows about a pod with one container.
type PodState struct {
	// IP is the pod's address, HostIP its node's. IP is empty before the first process.
	IP, HostIP string
	// StartTime is when the pod was taken up.
	StartTime time.Time
	// ProcessStart is when the current process started. It is zero if there is none.
	ProcessStart time.Time
	// WaitingReason tells why there is no process: ErrImagePull, ImagePullBackOff,
	// CreateContainerConfigError or CrashLoopBackOff.
	WaitingReason, Message string
	Ready                  bool
	Restarts               int32
	// LastTermination is the end of the previous process, or nil.
	LastTermination *corev1.ContainerStateTerminated
}

// PodStatus returns the status that a kubelet reports for the state s at time now.
func PodStatus(pod *corev1.Pod, s PodState, now time.Time) corev1.PodStatus {
	start := metav1.NewTime(s.StartTime)
	out := corev1.PodStatus{Phase: corev1.PodPending, StartTime: &start, HostIP: s.HostIP, HostIPs: []corev1.HostIP{{IP: s.HostIP}}}
	if s.IP != "" {
		out.Phase, out.PodIP, out.PodIPs = corev1.PodRunning, s.IP, []corev1.PodIP{{IP: s.IP}}
	}
	out.Conditions = podConditions(pod.Status.Conditions, s, metav1.NewTime(now))
	out.ContainerStatuses = []corev1.ContainerStatus{containerStatus(&pod.Spec.Containers[0], s)}
	return out
}

func containerStatus(c *corev1.Container, s PodState) corev1.ContainerStatus {
	started := !s.ProcessStart.IsZero()
	out := corev1.ContainerStatus{
		Name: c.Name, Image: c.Image, Ready: s.Ready, Started: &started, RestartCount: s.Restarts,
		LastTerminationState: corev1.ContainerState{Terminated: s.LastTermination},
	}
	if started {
		out.ImageID = c.Image
		out.State.Running = &corev1.ContainerStateRunning{StartedAt: metav1.NewTime(s.ProcessStart)}
	} else {
		out.State.Waiting = &corev1.ContainerStateWaiting{Reason: s.WaitingReason, Message: s.Message}
	}
	return out
}

// podConditions returns the pod's conditions. Unchanged conditions keep their transition time.
func podConditions(before []corev1.PodCondition, s PodState, now metav1.Time) []corev1.PodCondition {
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

// reportWaiting reports why there is no process. It always returns false.
func (w *podWorker) reportWaiting(ctx context.Context, reason string, err error) bool {
	w.state.WaitingReason, w.state.Message = reason, err.Error()
	w.report(ctx)
	return false
}

// reportExit reports that the process exited by itself.
func (w *podWorker) reportExit(ctx context.Context) {
	now := time.Now()
	w.kubelet.logf(w.pod, "istiod exited")
	w.state.LastTermination = &corev1.ContainerStateTerminated{
		ExitCode: 1, Reason: "Error", Message: "exit code unknown",
		StartedAt: metav1.NewTime(w.state.ProcessStart), FinishedAt: metav1.NewTime(now),
	}
	w.state.Ready, w.state.ProcessStart = false, time.Time{}
	w.state.Restarts++
	w.state.WaitingReason, w.state.Message = "CrashLoopBackOff", "back-off restarting failed container"
	w.report(ctx)
}

// report writes the pod's status if it has changed.
func (w *podWorker) report(ctx context.Context) {
	if w.state == w.reported {
		return
	}
	status := PodStatus(w.pod, w.state, time.Now())
	if err := w.kubelet.Cluster.UpdatePodStatus(ctx, w.pod, status); err != nil {
		if ctx.Err() == nil {
			w.kubelet.logf(w.pod, "%v", err)
		}
		return // the next check tries again
	}
	w.reported = w.state
	w.pod = w.pod.DeepCopy()
	w.pod.Status.Conditions = status.Conditions
}
