// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"encoding/json"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rerig/rerig/internal/cluster/istio"
	"github.com/rerig/rerig/internal/mesh"
)

const (
	proxyContainer      = "istio-proxy"
	statusAnnotation    = "sidecar.istio.io/status"   // SidecarInjectionStatus in pkg/kube/inject/inject.go @1.29.1
	autoImage           = "auto"                      // the image in a template that injection replaces
	templatesAnnotation = "inject.istio.io/templates" // "gateway" for gateways that are injected
	gatewayTemplate     = "gateway"
)

// sidecarOf returns the proxy that a pod has. The annotations alone do not show
// that: they may be a template's.
func sidecarOf(p *corev1.Pod) mesh.Sidecar {
	proxy, ok := proxyIn(&p.Spec)
	if !ok {
		return mesh.Sidecar{}
	}
	return mesh.Sidecar{
		Present: true, Revision: injectedBy(p.Annotations), Version: mesh.ImageTag(proxy.Image), Mesh: istiodNamespace(proxy.Env),
	}
}

// istiodNamespace returns the namespace of the istiod that a proxy's environment names:
// discoveryAddress in PROXY_CONFIG, else CA_ADDR (injection-template.yaml @1.30.3). It
// returns "" for addresses that are no Service of istiod.
func istiodNamespace(env []corev1.EnvVar) string {
	var discovery, authority string
	for _, e := range env {
		switch e.Name {
		case "PROXY_CONFIG":
			var config struct {
				DiscoveryAddress string `json:"discoveryAddress"`
			}
			if json.Unmarshal([]byte(e.Value), &config) == nil {
				discovery = config.DiscoveryAddress
			}
		case "CA_ADDR":
			authority = e.Value
		}
	}
	for _, address := range []string{discovery, authority} {
		host, _, _ := strings.Cut(address, ":")
		parts := strings.Split(host, ".")
		if len(parts) > 2 && strings.HasPrefix(parts[0], istio.App) && parts[2] == "svc" {
			return parts[1]
		}
	}
	return ""
}

// proxyIn returns the proxy's container. A native sidecar is an init container.
func proxyIn(s *corev1.PodSpec) (corev1.Container, bool) {
	for _, list := range [][]corev1.Container{s.Containers, s.InitContainers} {
		if i := slices.IndexFunc(list, func(c corev1.Container) bool { return c.Name == proxyContainer }); i >= 0 {
			return list[i], true
		}
	}
	return corev1.Container{}, false
}

// injectedBy returns the revision that injected a pod: the annotation istio.io/rev
// (since 1.18), else that of the status annotation (since 1.11).
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

// isGateway reports whether a pod or a template is a gateway or a waypoint: a proxy
// of Istio's without an application. The label with a Gateway's name does not show
// that: every implementation of the Gateway API sets it.
func isGateway(meta metav1.ObjectMeta, spec *corev1.PodSpec) bool {
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
