// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const (
	templatesAnnotation = "inject.istio.io/templates"              // "gateway" for gateways that are injected
	managedLabel        = "gateway.networking.k8s.io/gateway-name" // on what istiod renders for the Gateway API
	ambientLabel        = "gateway.istio.io/managed"               // the same, by the controller's name
	gatewayTemplate     = "gateway"
)

// gateway reports whether a pod, or a template, is a gateway or a waypoint: a
// proxy that stands for itself.
func gateway(meta metav1.ObjectMeta, spec *corev1.PodSpec) bool {
	for _, label := range []string{managedLabel, ambientLabel} {
		if _, ok := meta.Labels[label]; ok {
			return true
		}
	}
	for name := range strings.SplitSeq(meta.Annotations[templatesAnnotation], ",") {
		if strings.TrimSpace(name) == gatewayTemplate {
			return true
		}
	}
	proxy, ok := proxyIn(spec)
	return ok && slices.ContainsFunc(proxy.Args, func(arg string) bool { return arg == "router" || arg == "waypoint" })
}
