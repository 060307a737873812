// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// The …Gap functions return why no pod of a workload may serve for a moment during
// a rolling restart by its controller, "" if one always serves.

func deploymentGap(d *appsv1.Deployment) string {
	wanted, s := int(replicas(d.Spec.Replicas)), d.Spec.Strategy
	switch {
	case wanted == 0:
		return ""
	case s.Type == appsv1.RecreateDeploymentStrategyType:
		return "strategy Recreate: all pods end before new ones start"
	case s.RollingUpdate == nil:
		return ""
	}
	_, unavailable := rollingLimits(s.RollingUpdate, wanted)
	if unavailable < wanted {
		return ""
	}
	return fmt.Sprintf("%d of %d replicas may be unavailable at once", min(unavailable, wanted), wanted)
}

// rollingLimits returns how many pods a rolling update may have too many, and too
// few (ResolveFenceposts in pkg/controller/deployment/util, v1.34).
func rollingLimits(u *appsv1.RollingUpdateDeployment, wanted int) (surge, unavailable int) {
	const usual = "25%"
	surge, _ = intstr.GetScaledValueFromIntOrPercent(intstr.ValueOrDefault(u.MaxSurge, intstr.FromString(usual)), wanted, true)
	unavailable, _ = intstr.GetScaledValueFromIntOrPercent(intstr.ValueOrDefault(u.MaxUnavailable, intstr.FromString(usual)), wanted, false)
	if surge == 0 && unavailable == 0 {
		unavailable = 1
	}
	return surge, unavailable
}

// deploymentSurge returns how many more pods a restart needs before it may end one:
// none where some may be unavailable.
func deploymentSurge(d *appsv1.Deployment) int {
	wanted, u := int(replicas(d.Spec.Replicas)), d.Spec.Strategy.RollingUpdate
	if wanted == 0 || u == nil || d.Spec.Strategy.Type == appsv1.RecreateDeploymentStrategyType {
		return 0
	}
	if _, unavailable := rollingLimits(u, wanted); unavailable > 0 {
		return 0
	}
	return 1
}

func statefulSetGap(s *appsv1.StatefulSet) string {
	if replicas(s.Spec.Replicas) != 1 {
		return ""
	}
	return "one replica, which ends before the next starts"
}

func daemonSetGap(d *appsv1.DaemonSet) string {
	if d.Status.DesiredNumberScheduled == 0 || daemonSetSurge(d) > 0 {
		return ""
	}
	return "maxSurge 0: a node's pod ends before the next starts"
}

// daemonSetSurge returns 1 where a node's next pod starts before the present one
// ends.
func daemonSetSurge(d *appsv1.DaemonSet) int {
	u := d.Spec.UpdateStrategy.RollingUpdate
	if u == nil || u.MaxSurge == nil || *u.MaxSurge == intstr.FromInt32(0) || *u.MaxSurge == intstr.FromString("0%") {
		return 0
	}
	return 1
}

// replicas returns 1 where a spec does not set them.
func replicas(n *int32) int32 {
	if n == nil {
		return 1
	}
	return *n
}
