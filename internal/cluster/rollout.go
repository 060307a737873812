// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"fmt"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/rerig/rerig/internal/mesh"
)

// Each of these judges as `kubectl rollout status` does
// (polymorphichelpers/rollout_status.go, v0.34): message is "" when it would say
// that the workload is rolled out. What holds pods back on purpose is told apart
// as Manual, and its counts are judged all the same.

const unseen = "its controller has not seen the newest template yet"

func deploymentRollout(d *appsv1.Deployment) mesh.Rollout {
	r := mesh.Rollout{Paused: d.Spec.Paused}
	wanted, s := replicas(d.Spec.Replicas), d.Status
	switch stuck := stuckDeployment(s.Conditions); {
	case d.Generation > s.ObservedGeneration:
		r.Message = unseen
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

// stuckDeployment is what a Deployment's conditions say of a rollout that gets
// nowhere.
func stuckDeployment(conditions []appsv1.DeploymentCondition) string {
	for _, c := range conditions {
		if c.Type == appsv1.DeploymentProgressing && c.Reason == "ProgressDeadlineExceeded" {
			return said("ProgressDeadlineExceeded", "", c.Message)
		}
	}
	for _, c := range conditions {
		if c.Type == appsv1.DeploymentReplicaFailure && c.Status == corev1.ConditionTrue {
			return said("ReplicaFailure", c.Reason, c.Message)
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
		r.Message = unseen
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
		r.Message = unseen
	case s.UpdatedNumberScheduled < s.DesiredNumberScheduled:
		r.Message = fmt.Sprintf("%d out of %d new pods have been updated", s.UpdatedNumberScheduled, s.DesiredNumberScheduled)
	case s.NumberAvailable < s.DesiredNumberScheduled:
		r.Message = fmt.Sprintf("%d of %d updated pods are available", s.NumberAvailable, s.DesiredNumberScheduled)
	}
	return r
}

// settled adds what no status tells: pods of an older template that are still
// there, be it on their way out.
// With OnDelete these are what an update has left to do.
func settled(r mesh.Rollout, pods []mesh.Pod) mesh.Rollout {
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

// replicas is 1 where a spec leaves it out.
func replicas(n *int32) int32 {
	if n == nil {
		return 1
	}
	return *n
}
