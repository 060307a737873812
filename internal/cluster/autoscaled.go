// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"slices"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"

	"github.com/rerig/rerig/internal/mesh"
)

// misled reports whether idle pods that its target's selector still selects have an
// autoscaler ask for another number of pods. Of CPU it goes by the sum, to which
// they add little. A memory that they keep adds up, what is told of pods may count
// for any, and a value that is not divided by pods is multiplied by those that are
// ready: pkg/controller/podautoscaler/replica_calculator.go @v1.34.4.
func misled(h *autoscalingv2.HorizontalPodAutoscaler) bool {
	return slices.ContainsFunc(h.Spec.Metrics, func(m autoscalingv2.MetricSpec) bool {
		switch {
		case m.Resource != nil:
			return m.Resource.Name != corev1.ResourceCPU
		case m.ContainerResource != nil:
			return m.ContainerResource.Name != corev1.ResourceCPU
		case m.Object != nil:
			return m.Object.Target.AverageValue == nil
		case m.External != nil:
			return m.External.Target.AverageValue == nil
		}
		return m.Pods != nil
	})
}

// scaling are these autoscalers as what goes by the labels of pods: by those of
// their Deployment's selector.
func (r readings) scaling() []selecting {
	var list []selecting
	if r.unscaled {
		list = append(list, selecting{PodSelector: mesh.PodSelector{Subject: "HorizontalPodAutoscalers", Effect: mesh.NotListable}})
	}
	for _, d := range r.deployments {
		for _, name := range r.misled[d.Key()] {
			list = append(list, selecting{namespace: d.Namespace, PodSelector: mesh.PodSelector{
				Subject: "HorizontalPodAutoscaler " + d.Namespace + "/" + name, Part: "the selector of " + d.Key(), Selector: d.selector, Effect: mesh.ScalesPods}})
		}
	}
	return list
}
