// SPDX-License-Identifier: Apache-2.0

package step

import (
	"slices"
	"strings"

	"github.com/rerig/rerig/internal/mesh"
)

const (
	ImageAnnotation  = "sidecar.istio.io/proxyImage"
	ConfigAnnotation = "proxy.istio.io/config"
)

const TemplatesAnnotation = "inject.istio.io/templates"

// Unverifiable says why no proof of a workload would ever end. A proxyless gRPC
// server's agent runs no Envoy (files/grpc-agent.yaml of chart istiod @1.31.0): its
// server asks istiod for no clusters, and nothing shows its certificate.
func Unverifiable(wl mesh.Workload) string {
	templates := strings.FieldsFunc(wl.Template.Annotations[TemplatesAnnotation], func(r rune) bool { return r == ',' || r == ' ' })
	config := wl.Template.Annotations[ConfigAnnotation]
	switch {
	case slices.Contains(templates, "grpc-agent"), strings.Contains(config, "DISABLE_ENVOY"):
		return "a proxyless gRPC server: without an Envoy nobody can be asked for its configuration and its certificate"
	case strings.Contains(config, "proxyAdminPort"):
		return "its template gives its proxy another admin port (proxyAdminPort in " + ConfigAnnotation + "): its certificate is asked for at 15000"
	}
	return ""
}
