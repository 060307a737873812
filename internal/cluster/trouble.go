// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// trouble says why a pod does not run or get ready, "" when it is ready. The
// kubelet's and the scheduler's own words come first; among containers a real
// failure comes before one that merely waits for it.
func trouble(p *corev1.Pod) string {
	if ready(p) {
		return ""
	}
	if c, ok := condition(p, corev1.PodScheduled); ok && c.Status == corev1.ConditionFalse {
		return said("not scheduled", c.Reason, c.Message)
	}
	statuses := slices.Concat(p.Status.InitContainerStatuses, p.Status.ContainerStatuses)
	for _, judge := range []func(corev1.ContainerStatus) string{broken, waits, unready} {
		for _, s := range statuses {
			if why := judge(s); why != "" {
				return why
			}
		}
	}
	return said(string(p.Status.Phase), p.Status.Reason, p.Status.Message)
}

// broken tells of a container that failed, or cannot be started.
func broken(s corev1.ContainerStatus) string {
	switch w, t := s.State.Waiting, s.State.Terminated; {
	case w != nil && w.Reason != "PodInitializing" && w.Reason != "ContainerCreating" && w.Reason != "":
		return said(s.Name, w.Reason, w.Message)
	case t != nil && t.ExitCode != 0:
		return said(s.Name, t.Reason, fmt.Sprintf("exit code %d %s", t.ExitCode, t.Message))
	}
	return ""
}

// waits tells of a container that is on its way.
func waits(s corev1.ContainerStatus) string {
	if w := s.State.Waiting; w != nil && w.Reason == "ContainerCreating" {
		return said(s.Name, w.Reason, w.Message)
	}
	return ""
}

// unready tells of a container that runs and does not pass its probe.
func unready(s corev1.ContainerStatus) string {
	if s.State.Running == nil || s.Ready {
		return ""
	}
	if s.RestartCount > 0 {
		return fmt.Sprintf("%s: runs, not ready, %d restarts", s.Name, s.RestartCount)
	}
	return s.Name + ": runs, not ready"
}

func said(who, reason, message string) string {
	for _, part := range []string{reason, message} {
		if part != "" {
			who += ": " + part
		}
	}
	return who
}

func ready(p *corev1.Pod) bool {
	c, ok := condition(p, corev1.PodReady)
	return ok && c.Status == corev1.ConditionTrue
}

func readySince(p *corev1.Pod) time.Time {
	c, _ := condition(p, corev1.PodReady)
	return c.LastTransitionTime.Time
}

func condition(p *corev1.Pod, kind corev1.PodConditionType) (corev1.PodCondition, bool) {
	i := slices.IndexFunc(p.Status.Conditions, func(c corev1.PodCondition) bool { return c.Type == kind })
	if i < 0 {
		return corev1.PodCondition{}, false
	}
	return p.Status.Conditions[i], true
}
