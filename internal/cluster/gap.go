// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// Each of these says why a rolling restart leaves a moment in which no pod of
// the workload serves, as its controller carries it out; "" when some pod does.

func deploymentGap(d *appsv1.Deployment) string {
	wanted, s := int(replicas(d.Spec.Replicas)), d.Spec.Strategy
	switch {
	case wanted == 0:
		return ""
	case s.Type == appsv1.RecreateDeploymentStrategyType:
		return "strategy Recreate: all pods end before new ones begin"
	case s.RollingUpdate == nil:
		return ""
	}
	_, away := fenceposts(s.RollingUpdate, wanted)
	if away < wanted {
		return ""
	}
	return fmt.Sprintf("%d of %d replicas may be unavailable at once", min(away, wanted), wanted)
}

// fenceposts are how many pods a rolling update may have too many, and too few
// (ResolveFenceposts in pkg/controller/deployment/util, v1.34).
func fenceposts(u *appsv1.RollingUpdateDeployment, wanted int) (surge, away int) {
	surge, _ = intstr.GetScaledValueFromIntOrPercent(intstr.ValueOrDefault(u.MaxSurge, intstr.FromString("25%")), wanted, true)
	away, _ = intstr.GetScaledValueFromIntOrPercent(intstr.ValueOrDefault(u.MaxUnavailable, intstr.FromString("25%")), wanted, false)
	if surge == 0 && away == 0 {
		away = 1
	}
	return surge, away
}

// deploymentSurge is how many pods a restart needs beside the present ones before
// it may end any: where some may be away it begins with those.
func deploymentSurge(d *appsv1.Deployment) int {
	wanted, u := int(replicas(d.Spec.Replicas)), d.Spec.Strategy.RollingUpdate
	if wanted == 0 || u == nil || d.Spec.Strategy.Type == appsv1.RecreateDeploymentStrategyType {
		return 0
	}
	if _, away := fenceposts(u, wanted); away > 0 {
		return 0
	}
	return 1
}

// daemonSetSurge is 1 where a node's next pod begins before the present one ends.
func daemonSetSurge(d *appsv1.DaemonSet) int {
	if u := d.Spec.UpdateStrategy.RollingUpdate; u == nil || u.MaxSurge == nil || *u.MaxSurge == intstr.FromInt32(0) || *u.MaxSurge == intstr.FromString("0%") {
		return 0
	}
	return 1
}

func statefulSetGap(s *appsv1.StatefulSet) string {
	if replicas(s.Spec.Replicas) != 1 {
		return ""
	}
	return "one replica, which ends before the next begins"
}

func daemonSetGap(d *appsv1.DaemonSet) string {
	u := d.Spec.UpdateStrategy.RollingUpdate
	if d.Status.DesiredNumberScheduled == 0 || u != nil && u.MaxSurge != nil && *u.MaxSurge != intstr.FromInt32(0) && *u.MaxSurge != intstr.FromString("0%") {
		return ""
	}
	return "maxSurge 0: a node's pod ends before the next begins"
}
