// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"fmt"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/rerig/rerig/internal/mesh"
)

// The …Rollout functions follow `kubectl rollout status`
// (polymorphichelpers/rollout_status.go, v0.34): the message is "" where that says
// that the workload is rolled out. What stops a rollout on purpose is reported as
// Manual; the counts are checked all the same.

const notObserved = "its controller has not observed the newest template yet"

func deploymentRollout(d *appsv1.Deployment) mesh.Rollout {
	r := mesh.Rollout{Paused: d.Spec.Paused}
	wanted, s := replicas(d.Spec.Replicas), d.Status
	switch stuck := stuckDeployment(s.Conditions); {
	case d.Generation > s.ObservedGeneration:
		r.Message = notObserved
	case stuck != "":
		r.Message = stuck
	case s.UpdatedReplicas < wanted:
		r.Message = fmt.Sprintf("%d out of %d new replicas have been updated", s.UpdatedReplicas, wanted)
	case s.Replicas > s.UpdatedReplicas:
		r.Message = fmt.Sprintf("%d old replicas are pending termination", s.Replicas-s.UpdatedReplicas)
	case s.AvailableReplicas < s.UpdatedReplicas:
		r.Message = fmt.Sprintf("%d of %d updated replicas are available", s.AvailableReplicas, s.UpdatedReplicas)
	}
	return r
}

// stuckDeployment returns why a Deployment's rollout makes no progress, by its
// conditions.
func stuckDeployment(conditions []appsv1.DeploymentCondition) string {
	for _, c := range conditions {
		if c.Type == appsv1.DeploymentProgressing && c.Reason == "ProgressDeadlineExceeded" {
			return joinReason("ProgressDeadlineExceeded", "", c.Message)
		}
	}
	for _, c := range conditions {
		if c.Type == appsv1.DeploymentReplicaFailure && c.Status == corev1.ConditionTrue {
			return joinReason("ReplicaFailure", c.Reason, c.Message)
		}
	}
	return ""
}

func statefulSetRollout(s *appsv1.StatefulSet) mesh.Rollout {
	r := mesh.Rollout{}
	wanted, strategy := replicas(s.Spec.Replicas), s.Spec.UpdateStrategy
	partition := int32(0)
	if strategy.RollingUpdate != nil && strategy.RollingUpdate.Partition != nil {
		partition = *strategy.RollingUpdate.Partition
	}
	r.Pending = strategy.Type == appsv1.OnDeleteStatefulSetStrategyType
	r.Partition = !r.Pending && partition > 0
	r.OnDelete = r.Pending || r.Partition
	switch {
	case s.Status.ObservedGeneration == 0 || s.Generation > s.Status.ObservedGeneration:
		r.Message = notObserved
	case s.Status.ReadyReplicas < wanted:
		r.Message = fmt.Sprintf("%d of %d pods are ready", s.Status.ReadyReplicas, wanted)
	case s.Status.UpdatedReplicas < wanted-partition:
		r.Message = fmt.Sprintf("%d out of %d new pods have been updated", s.Status.UpdatedReplicas, wanted-partition)
	case s.Status.AvailableReplicas < wanted:
		r.Message = fmt.Sprintf("%d of %d pods are available", s.Status.AvailableReplicas, wanted)
	}
	return r
}

func daemonSetRollout(d *appsv1.DaemonSet) mesh.Rollout {
	r := mesh.Rollout{OnDelete: d.Spec.UpdateStrategy.Type == appsv1.OnDeleteDaemonSetStrategyType}
	r.Pending = r.OnDelete
	switch s := d.Status; {
	case d.Generation > s.ObservedGeneration:
		r.Message = notObserved
	case s.UpdatedNumberScheduled < s.DesiredNumberScheduled:
		r.Message = fmt.Sprintf("%d out of %d new pods have been updated", s.UpdatedNumberScheduled, s.DesiredNumberScheduled)
	case s.NumberAvailable < s.DesiredNumberScheduled:
		r.Message = fmt.Sprintf("%d of %d updated pods are available", s.NumberAvailable, s.DesiredNumberScheduled)
	}
	return r
}

// withOldPods adds what no status reports: pods of an older template, terminating
// ones included. With OnDelete these are what an update has left to replace.
func withOldPods(r mesh.Rollout, pods []mesh.Pod) mesh.Rollout {
	r.Pending = r.Pending && slices.ContainsFunc(pods, func(p mesh.Pod) bool { return !p.Current && !p.Terminating })
	if r.Message == "" {
		older, example := 0, ""
		for _, p := range pods {
			if !p.Current && p.Swap.Place == mesh.Attached {
				older, example = older+1, p.Name
			}
		}
		if older > 0 {
			r.Message = fmt.Sprintf("%d pods of an older template remain, such as %s", older, example)
		}
	}
	r.Done = r.Message == ""
	return r
}

// rolloutByPods returns the rollout of a workload whose current pods are known by
// their time of creation: it is done when as many pods as wanted are ready and none
// is terminating. Older pods count: their proxies are verified separately, and need
// not wait until a disruption budget lets them be replaced.
func rolloutByPods(w mesh.Workload) mesh.Rollout {
	r, ready := w.Rollout, 0
	reported := r.Message
	r.Message = ""
	for _, p := range w.Pods {
		switch {
		case p.Terminating:
			r.Message = fmt.Sprintf("pod %s is terminating", p.Name)
		case !p.Ready:
			r.Message = fmt.Sprintf("pod %s: %s", p.Name, p.Problem)
		default:
			ready++
		}
	}
	if r.Message == "" && ready < w.Replicas {
		r.Message = fmt.Sprintf("%d of %d pods are ready", ready, w.Replicas)
	}
	if r.Done = r.Message == ""; !r.Done && reported != "" {
		r.Message += "; " + reported
	}
	return r
}
