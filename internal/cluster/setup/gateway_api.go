// SPDX-License-Identifier: Apache-2.0

package setup

import (
	"context"
	"encoding/json"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rerig/rerig/internal/cluster/client"
	"github.com/rerig/rerig/internal/mesh"
)

// classLabel is on ConfigMaps with defaults for the Gateways of a class
// (pilot/pkg/config/kube/gatewaycommon/gateway_utils.go @1.31.0).
const classLabel = "gateway.istio.io/defaults-for-class"

// readClassDefaults reads the defaults of classes that are no control plane's. Those of
// control planes are read with their ConfigMaps.
func (r *Reader) readClassDefaults(ctx context.Context) ([]mesh.ClassDefaults, error) {
	var list []mesh.ClassDefaults
	err := client.List(ctx, client.Selected(classLabel+",!"+mesh.RevisionLabel), r.api.CoreV1().ConfigMaps(r.root).List,
		func() { list = nil },
		func(page *corev1.ConfigMapList) {
			for i := range page.Items {
				list = append(list, classDefaultsOf(&page.Items[i]))
			}
		})
	return list, client.ReadError("ConfigMaps in "+r.root, err)
}

func classDefaultsOf(m *corev1.ConfigMap) mesh.ClassDefaults {
	text, _ := json.Marshal(m.Data) // a map of texts: it never fails
	return mesh.ClassDefaults{
		Name: m.Name, Class: m.Labels[classLabel], Revision: m.Labels[mesh.RevisionLabel],
		Created: m.CreationTimestamp.UTC(), Content: digest(string(text)),
	}
}

// gatewayDefinition returns a definition of the Gateway API, false for any other.
func gatewayDefinition(m *metav1.PartialObjectMetadata) (mesh.GatewayDefinition, bool) {
	const group = "gateway.networking"
	d := mesh.GatewayDefinition{
		Name: m.Name, Bundle: m.Annotations[group+".k8s.io/bundle-version"], Channel: m.Annotations[group+".k8s.io/channel"],
	}
	return d, strings.HasSuffix(m.Name, "."+group+".k8s.io") || strings.HasSuffix(m.Name, "."+group+".x-k8s.io")
}
