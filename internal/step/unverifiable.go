// SPDX-License-Identifier: Apache-2.0

package step

import (
	"slices"
	"strings"

	"github.com/rerig/rerig/internal/mesh"
)

// Istio's annotations on pod templates that change a pod's proxy.
const (
	ImageAnnotation     = "sidecar.istio.io/proxyImage"
	ConfigAnnotation    = "proxy.istio.io/config"
	TemplatesAnnotation = "inject.istio.io/templates"
)

// Unverifiable returns why no verification of a workload would end, "" when it would. The
// agent of a proxyless gRPC server runs no Envoy (files/grpc-agent.yaml of chart istiod,
// Istio 1.31.0): it asks istiod for no clusters, and nothing shows its certificate.
func Unverifiable(wl mesh.Workload) string {
	separator := func(r rune) bool { return r == ',' || r == ' ' }
	templates := strings.FieldsFunc(wl.Template.Annotations[TemplatesAnnotation], separator)
	config := wl.Template.Annotations[ConfigAnnotation]
	switch {
	case slices.Contains(templates, "grpc-agent"), strings.Contains(config, "DISABLE_ENVOY"):
		return "proxyless gRPC server: without an Envoy neither its configuration nor its certificate can be checked"
	case strings.Contains(config, "proxyAdminPort"):
		return "its template sets another admin port for its proxy " +
			"(proxyAdminPort in " + ConfigAnnotation + "): its certificate is read at port 15000"
	}
	return ""
}
