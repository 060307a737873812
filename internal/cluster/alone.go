// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
)

// Each of these says why no other pod of a workload's template may stand beside
// its own: it would hold something that is theirs. "" means that one may.

// aloneBy looks at what any pod of the template would hold.
func aloneBy(s *corev1.PodSpec) string {
	for _, v := range s.Volumes {
		if claim := v.PersistentVolumeClaim; claim != nil && !claim.ReadOnly {
			return fmt.Sprintf("another pod would write to its volume claim %s", claim.ClaimName)
		}
	}
	for _, c := range s.Containers {
		for _, p := range c.Ports {
			if p.HostPort != 0 {
				return fmt.Sprintf("another pod would need the port %d of a node", p.HostPort)
			}
		}
	}
	return ""
}

func aloneDeployment(d *appsv1.Deployment) string {
	if d.Spec.Strategy.Type == appsv1.RecreateDeploymentStrategyType {
		return "its strategy is Recreate: no two of its pods stand side by side"
	}
	return ""
}

func aloneStatefulSet(s *appsv1.StatefulSet) string {
	if len(s.Spec.VolumeClaimTemplates) > 0 {
		return fmt.Sprintf("each of its pods holds a volume claim of its own (%s), and another pod has none", s.Spec.VolumeClaimTemplates[0].Name)
	}
	return ""
}

func aloneDaemonSet(d *appsv1.DaemonSet) string {
	for _, v := range d.Spec.Template.Spec.Volumes {
		if v.HostPath != nil {
			return fmt.Sprintf("its pods work on their nodes' own files (%s), one on each node", v.HostPath.Path)
		}
	}
	return ""
}
