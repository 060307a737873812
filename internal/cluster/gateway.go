// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rerig/rerig/internal/mesh"
)

const (
	templatesAnnotation = "inject.istio.io/templates" // "gateway" for gateways that are injected
	gatewayTemplate     = "gateway"
)

// gateway reports whether a pod, or a template, is a gateway or a waypoint: a
// proxy of Istio's that stands for itself. The name of a Gateway says nothing of
// it: whoever implements the Gateway API writes that.
func gateway(meta metav1.ObjectMeta, spec *corev1.PodSpec) bool {
	if _, ok := meta.Labels[mesh.ManagedLabel]; ok {
		return true
	}
	for name := range strings.SplitSeq(meta.Annotations[templatesAnnotation], ",") {
		if strings.TrimSpace(name) == gatewayTemplate {
			return true
		}
	}
	proxy, ok := proxyIn(spec)
	return ok && slices.ContainsFunc(proxy.Args, func(arg string) bool { return arg == "router" || arg == "waypoint" })
}
