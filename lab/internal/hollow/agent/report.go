// SPDX-License-Identifier: Apache-2.0

package agent

import (
	"context"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

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
