// SPDX-License-Identifier: Apache-2.0

package setup

import (
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/rerig/rerig/internal/cluster/istio"
	"github.com/rerig/rerig/internal/mesh"
)

// Rendered returns the settings that a control plane will have, from the manifest
// that an installer rendered. A ConfigMap with shared mesh configuration that is not
// in the manifest is read from the cluster.
func (r *Reader) Rendered(ctx context.Context, revision string, manifest []*unstructured.Unstructured) (mesh.ControlPlane, error) {
	found, shared := planes{}, ""
	maps := map[string]map[string]string{}
	for _, o := range manifest {
		if o.GetKind() != "ConfigMap" && istio.RevisionOf(o.GetLabels()) != revision {
			continue
		}
		var err error
		switch o.GetKind() {
		case "Deployment":
			err = typed(o, func(d *appsv1.Deployment) {
				if o.GetLabels()["app"] == istio.App {
					shared = found.addIstiod(d)
				}
			})
		case "ConfigMap":
			err = typed(o, func(m *corev1.ConfigMap) {
				maps[m.Name] = m.Data
				if istio.RevisionOf(m.Labels) == revision {
					found.addConfigMap(m)
				}
			})
		case "HorizontalPodAutoscaler":
			err = typed(o, func(a *autoscalingv2.HorizontalPodAutoscaler) { found.addAutoscaler(a) })
		case "NetworkPolicy":
			err = typed(o, func(n *networkingv1.NetworkPolicy) { found.addNetworkPolicy(n) })
		}
		if err != nil {
			return mesh.ControlPlane{}, err
		}
	}
	s := found.at(revision)
	common := maps[shared]
	if common == nil && shared != "" {
		var err error
		if common, err = r.configMap(ctx, shared); err != nil {
			return mesh.ControlPlane{}, err
		}
	}
	setMeshConfig(s, maps[istio.Revisioned("istio", revision)], common)
	return *s, nil
}

// typed calls use with an object of a manifest as its Go type.
func typed[T any](o *unstructured.Unstructured, use func(*T)) error {
	object := new(T)
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, object); err != nil {
		return fmt.Errorf("read the rendered %s %s: %w", o.GetKind(), o.GetName(), err)
	}
	use(object)
	return nil
}
