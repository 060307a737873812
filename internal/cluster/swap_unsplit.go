// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
)

// unsplit says what two pods of a Deployment cannot both hold for the length of a
// soak, "" when nothing is in the way.
func unsplit(d *appsv1.Deployment) string {
	s := &d.Spec.Template.Spec
	switch {
	case d.Spec.Strategy.Type == appsv1.RecreateDeploymentStrategyType:
		return "its strategy is Recreate: no two of its generations may run beside each other"
	case s.Hostname != "" || s.Subdomain != "":
		return "its pods have a host name of their own, which two would share"
	}
	for _, v := range s.Volumes {
		if v.PersistentVolumeClaim != nil {
			return fmt.Sprintf("its pods hold the claim %s, which a parked pod would hold as well", v.PersistentVolumeClaim.ClaimName)
		}
	}
	for _, list := range [][]corev1.Container{s.Containers, s.InitContainers} {
		for _, c := range list {
			for _, p := range c.Ports {
				if p.HostPort != 0 {
					return fmt.Sprintf("its pods hold port %d of their node, which a parked pod would hold as well", p.HostPort)
				}
			}
		}
	}
	return ""
}
