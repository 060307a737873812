// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"encoding/json"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/rerig/rerig/internal/mesh"
)

const (
	proxyContainer   = "istio-proxy"
	statusAnnotation = "sidecar.istio.io/status" // SidecarInjectionStatus in pkg/kube/inject/inject.go @1.29.1
	autoImage        = "auto"                    // stands in a template for the image that injection puts in
)

// sidecarOf reads the proxy that a pod really carries. The annotations alone
// prove nothing: they may come from a template.
func sidecarOf(p *corev1.Pod) mesh.Sidecar {
	proxy, ok := proxyIn(&p.Spec)
	if !ok {
		return mesh.Sidecar{}
	}
	return mesh.Sidecar{Present: true, Revision: injectedBy(p.Annotations), Version: tagOf(proxy.Image)}
}

// proxyIn finds the proxy's container: among the init containers when it is a
// native sidecar.
func proxyIn(s *corev1.PodSpec) (corev1.Container, bool) {
	for _, list := range [][]corev1.Container{s.Containers, s.InitContainers} {
		if i := slices.IndexFunc(list, func(c corev1.Container) bool { return c.Name == proxyContainer }); i >= 0 {
			return list[i], true
		}
	}
	return corev1.Container{}, false
}

// injectedBy reads the revision by which a pod was injected: the annotation
// istio.io/rev (since 1.18), else the status annotation's (since 1.11).
func injectedBy(annotations map[string]string) string {
	if revision := annotations[mesh.RevisionLabel]; revision != "" {
		return revision
	}
	var status struct {
		Revision string `json:"revision"`
	}
	if json.Unmarshal([]byte(annotations[statusAnnotation]), &status) != nil {
		return ""
	}
	return status.Revision
}
