// SPDX-License-Identifier: Apache-2.0

// Package rendered reads and writes gateways that istioctl installed: the templates of their
// Deployments, and the labels of their objects.
package rendered

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rerig/rerig/internal/mesh"
)

// Labels of the objects that istioctl installs: operator/pkg/manifest @1.31.0.
const (
	OwnerLabel     = "install.operator.istio.io/owning-resource"
	ComponentLabel = "operator.istio.io/component"
)

// InstalledOf returns what istioctl has written on a Deployment.
func InstalledOf(m *metav1.ObjectMeta) mesh.InstalledGateway {
	return mesh.InstalledGateway{
		Operator: m.Labels[OwnerLabel], Component: m.Labels[ComponentLabel], Revision: m.Labels[mesh.RevisionLabel],
	}
}
