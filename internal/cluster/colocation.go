// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
)

// The alone… functions return why another pod of a workload's template cannot run
// beside its own pods: it would need something of theirs. "" means that it can.

// aloneByTemplate checks what every pod of the template needs.
func aloneByTemplate(s *corev1.PodSpec) string {
	for _, v := range s.Volumes {
		if claim := v.PersistentVolumeClaim; claim != nil && !claim.ReadOnly {
			return fmt.Sprintf("another pod would write to its volume claim %s", claim.ClaimName)
		}
	}
	if port := hostPort(s.Containers); port != 0 {
		return fmt.Sprintf("another pod would need the port %d of a node", port)
	}
	return ""
}

func aloneDeployment(d *appsv1.Deployment) string {
	if d.Spec.Strategy.Type == appsv1.RecreateDeploymentStrategyType {
		return "its strategy is Recreate: two of its pods never run at the same time"
	}
	return ""
}

func aloneStatefulSet(s *appsv1.StatefulSet) string {
	if len(s.Spec.VolumeClaimTemplates) > 0 {
		return fmt.Sprintf("each of its pods has its own volume claim (%s), and another pod has none", s.Spec.VolumeClaimTemplates[0].Name)
	}
	return ""
}

func aloneDaemonSet(d *appsv1.DaemonSet) string {
	for _, v := range d.Spec.Template.Spec.Volumes {
		if v.HostPath != nil {
			return fmt.Sprintf("its pods use files of their nodes (%s), one pod on each node", v.HostPath.Path)
		}
	}
	return ""
}

// swapBlocker returns what two pods of a Deployment cannot both have for the time
// of a soak, "" if nothing prevents a swap.
func swapBlocker(d *appsv1.Deployment) string {
	s := &d.Spec.Template.Spec
	switch {
	case d.Spec.Strategy.Type == appsv1.RecreateDeploymentStrategyType:
		return "its strategy is Recreate: pods of two of its templates may not run at the same time"
	case s.Hostname != "" || s.Subdomain != "":
		return "its pods set a host name, which two pods would share"
	}
	for _, v := range s.Volumes {
		if v.PersistentVolumeClaim != nil {
			return fmt.Sprintf("its pods use the volume claim %s, which a parked pod would use too", v.PersistentVolumeClaim.ClaimName)
		}
	}
	for _, list := range [][]corev1.Container{s.Containers, s.InitContainers} {
		if port := hostPort(list); port != 0 {
			return fmt.Sprintf("its pods use port %d of their node, which a parked pod would use too", port)
		}
	}
	return ""
}

// hostPort returns the first port of a node that containers use, 0 for none.
func hostPort(containers []corev1.Container) int32 {
	for _, c := range containers {
		for _, p := range c.Ports {
			if p.HostPort != 0 {
				return p.HostPort
			}
		}
	}
	return 0
}
