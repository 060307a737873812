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
	surge, _ := intstr.GetScaledValueFromIntOrPercent(intstr.ValueOrDefault(s.RollingUpdate.MaxSurge, intstr.FromString("25%")), wanted, true)
	away, _ := intstr.GetScaledValueFromIntOrPercent(intstr.ValueOrDefault(s.RollingUpdate.MaxUnavailable, intstr.FromString("25%")), wanted, false)
	if surge == 0 && away == 0 { // ResolveFenceposts in pkg/controller/deployment/util, v1.34
		away = 1
	}
	if away < wanted {
		return ""
	}
	return fmt.Sprintf("%d of %d replicas may be unavailable at once", min(away, wanted), wanted)
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
