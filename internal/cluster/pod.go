// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"fmt"
	"maps"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rerig/rerig/internal/mesh"
)

// pod is the part of a pod that an observation holds.
type pod struct {
	mesh.Pod
	namespace  string
	readySince time.Time
	owner      owner // its controller; once that is known, its workload
	creator    owner // its controller
	labels     map[string]string
	gateway    bool
	template   mesh.Template // what it was created from, as far as it shows that
	needs      mesh.Needs
}

// podOf returns false for a pod that has ended: it has no connection, whatever its
// annotations say. A pod that a swap detached is returned all the same: the swap has
// to delete it, since no controller does.
func podOf(p *corev1.Pod) (pod, bool) {
	if ended(p) && swapOf(p).Place == mesh.Attached {
		return pod{}, false
	}
	o := pod{
		Pod: mesh.Pod{
			Name:          p.Name,
			UID:           string(p.UID),
			Node:          p.Spec.NodeName,
			Running:       p.Status.Phase == corev1.PodRunning,
			Ready:         ready(p) && !ended(p),
			Terminating:   p.DeletionTimestamp != nil,
			Sidecar:       sidecarOf(p),
			Problem:       trouble(p),
			Created:       p.CreationTimestamp.UTC(),
			HasController: metav1.GetControllerOfNoCopy(p) != nil,
			Swap:          swapOf(p),
			GracePeriod:   gracePeriod(p),
		},
		namespace:  p.Namespace,
		readySince: readySince(p),
		owner:      podOwner(p),
		creator:    podOwner(p),
		labels:     p.Labels,
		gateway:    isGateway(p.ObjectMeta, &p.Spec),
		needs:      needsOf(&p.Spec),
	}
	if !hasRollingRestart(o.owner.kind) && o.owner.kind != "ReplicaSet" {
		o.template = mesh.Template{Labels: p.Labels, HostNetwork: p.Spec.HostNetwork, Containers: containersOf(&p.Spec)}
		o.template.Annotations = maps.Clone(p.Annotations)
		for _, injected := range []string{statusAnnotation, mesh.RevisionLabel} {
			delete(o.template.Annotations, injected)
		}
	}
	return o, true
}

// ended reports whether a pod has ended.
func ended(p *corev1.Pod) bool {
	return p.Status.Phase == corev1.PodSucceeded || p.Status.Phase == corev1.PodFailed
}

// gracePeriod returns how long a pod may take to terminate.
func gracePeriod(p *corev1.Pod) time.Duration {
	if s := p.Spec.TerminationGracePeriodSeconds; s != nil {
		return time.Duration(*s) * time.Second
	}
	return corev1.DefaultTerminationGracePeriodSeconds * time.Second
}

// hasRollingRestart reports whether a rolling restart replaces the pods of a kind.
func hasRollingRestart(k mesh.Kind) bool {
	return slices.Contains([]mesh.Kind{mesh.Deployment, mesh.StatefulSet, mesh.DaemonSet}, k)
}

// needsOf returns what a pod requests: the sum of its containers and native
// sidecars, or its largest init container where that is more.
func needsOf(s *corev1.PodSpec) mesh.Needs {
	var sum, largest mesh.Needs
	for _, c := range s.Containers {
		sum = sumOf(sum, requestsOf(c.Resources))
	}
	for _, c := range s.InitContainers {
		if c.RestartPolicy != nil && *c.RestartPolicy == corev1.ContainerRestartPolicyAlways {
			sum = sumOf(sum, requestsOf(c.Resources))
			continue
		}
		largest = maxOf(largest, requestsOf(c.Resources))
	}
	all := maxOf(sum, largest)
	all.CPU += s.Overhead.Cpu().MilliValue()
	all.Memory += s.Overhead.Memory().Value()
	return all
}

func requestsOf(r corev1.ResourceRequirements) mesh.Needs {
	return mesh.Needs{
		CPU: r.Requests.Cpu().MilliValue(), Memory: r.Requests.Memory().Value(),
		LimitCPU: r.Limits.Cpu().MilliValue(), LimitMemory: r.Limits.Memory().Value(),
	}
}

func sumOf(a, b mesh.Needs) mesh.Needs {
	return mesh.Needs{
		CPU: a.CPU + b.CPU, Memory: a.Memory + b.Memory,
		LimitCPU: a.LimitCPU + b.LimitCPU, LimitMemory: a.LimitMemory + b.LimitMemory,
	}
}

func maxOf(a, b mesh.Needs) mesh.Needs {
	return mesh.Needs{
		CPU: max(a.CPU, b.CPU), Memory: max(a.Memory, b.Memory),
		LimitCPU: max(a.LimitCPU, b.LimitCPU), LimitMemory: max(a.LimitMemory, b.LimitMemory),
	}
}

// trouble returns why a pod does not run or is not ready, "" if it is ready, in the
// words of the kubelet and the scheduler. A container that failed comes before one
// that waits for it.
func trouble(p *corev1.Pod) string {
	if ready(p) {
		return ""
	}
	if c, ok := condition(p, corev1.PodScheduled); ok && c.Status == corev1.ConditionFalse {
		return joinReason("not scheduled", c.Reason, c.Message)
	}
	statuses := slices.Concat(p.Status.InitContainerStatuses, p.Status.ContainerStatuses)
	for _, reasonOf := range []func(corev1.ContainerStatus) string{failed, starting, notReady} {
		for _, s := range statuses {
			if reason := reasonOf(s); reason != "" {
				return reason
			}
		}
	}
	return joinReason(string(p.Status.Phase), p.Status.Reason, p.Status.Message)
}

// failed returns why a container failed or cannot start.
func failed(s corev1.ContainerStatus) string {
	switch w, t := s.State.Waiting, s.State.Terminated; {
	case w != nil && w.Reason != "PodInitializing" && w.Reason != "ContainerCreating" && w.Reason != "":
		return joinReason(s.Name, w.Reason, w.Message)
	case t != nil && t.ExitCode != 0:
		return joinReason(s.Name, t.Reason, fmt.Sprintf("exit code %d %s", t.ExitCode, t.Message))
	}
	return ""
}

// starting returns the state of a container that is being created.
func starting(s corev1.ContainerStatus) string {
	if w := s.State.Waiting; w != nil && w.Reason == "ContainerCreating" {
		return joinReason(s.Name, w.Reason, w.Message)
	}
	return ""
}

// notReady returns the state of a container that runs and does not pass its probe.
func notReady(s corev1.ContainerStatus) string {
	if s.State.Running == nil || s.Ready {
		return ""
	}
	if s.RestartCount > 0 {
		return fmt.Sprintf("%s: runs, not ready, %d restarts", s.Name, s.RestartCount)
	}
	return s.Name + ": runs, not ready"
}

// joinReason returns a subject with a reason and a message, where they are set.
func joinReason(subject, reason, message string) string {
	for _, part := range []string{reason, message} {
		if part != "" {
			subject += ": " + part
		}
	}
	return subject
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
