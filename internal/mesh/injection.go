// SPDX-License-Identifier: Apache-2.0

package mesh

import "slices"

// Labels that bind namespaces and pods to a revision.
const (
	InjectionLabel = "istio-injection"
	RevisionLabel  = "istio.io/rev"
	SidecarLabel   = "sidecar.istio.io/inject"
)

// Labels of what is rendered for the Gateway API: the Gateway that it is rendered
// for, by the API's own convention, and by which of istiod's controllers it was
// (kube-gateway.yaml and waypoint.yaml @1.29.1).
const (
	GatewayLabel = "gateway.networking.k8s.io/gateway-name"
	ManagedLabel = "gateway.istio.io/managed"
)

// neverInjected lists the namespaces whose pods istiod does not inject, whatever their
// labels say: pkg/kube/inject/initializer.go @1.30.3.
var neverInjected = []string{"kube-system", "kube-public", "kube-node-lease", "local-path-storage"}

// Injectors returns the revisions whose live webhooks would inject a new pod
// with these labels into that namespace, each once. None means no sidecar, more
// than one means that it would be injected twice. Only the live selectors
// decide, never the names of objects.
func (w World) Injectors(namespace Namespace, template Template) []string {
	if slices.Contains(neverInjected, namespace.Name) || template.HostNetwork {
		return nil
	}
	var revisions []string
	for _, h := range w.Webhooks {
		if h.Namespaces.Matches(namespace.Labels) && h.Objects.Matches(template.Labels) &&
			!slices.Contains(revisions, h.Revision) {
			revisions = append(revisions, h.Revision)
		}
	}
	if injectionDisabled(template) {
		return nil
	}
	return revisions
}

// InjectsOnly reports whether a revision injects what a workload's template makes
// by the template's own labels, and not by the namespace's. What is seen by its
// pods alone has no template that more of them are made from.
func (w World) InjectsOnly(wl Workload, revision string) bool {
	namespace, _ := w.Namespace(wl.Namespace)
	return wl.Kind.Listed() && slices.Contains(w.Injectors(namespace, wl.Template), revision) &&
		!slices.Contains(w.Injectors(namespace, Template{}), revision)
}

// injectionDisabled is istiod's own look at a pod that a webhook has let through: the
// label decides before the annotation, and the annotation can only opt out
// (injectRequired in pkg/kube/inject/inject.go @1.30.3).
func injectionDisabled(t Template) bool {
	if v, ok := t.Labels[SidecarLabel]; ok {
		return v == "false"
	}
	return t.Annotations[SidecarLabel] == "false"
}
