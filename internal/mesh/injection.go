// SPDX-License-Identifier: Apache-2.0

package mesh

import "slices"

// Labels that bind namespaces and pods to a revision.
const (
	InjectionLabel = "istio-injection"
	RevisionLabel  = "istio.io/rev"
	SidecarLabel   = "sidecar.istio.io/inject"
)

// Labels of objects that are rendered for the Gateway API: the Gateway's name, by the
// API's own convention, and the controller of istiod that rendered them
// (kube-gateway.yaml and waypoint.yaml @1.29.1).
const (
	GatewayLabel = "gateway.networking.k8s.io/gateway-name"
	ManagedLabel = "gateway.istio.io/managed"
)

// neverInjected lists the namespaces whose pods istiod does not inject, whatever their
// labels: pkg/kube/inject/initializer.go @1.30.3.
var neverInjected = []string{"kube-system", "kube-public", "kube-node-lease", "local-path-storage"}

// Injectors returns the revisions whose webhooks would inject a new pod of the template in
// that namespace, each once. None means no sidecar; more than one means that the pod would
// be injected twice. The webhooks' selectors decide, never the names of objects.
func (w World) Injectors(namespace Namespace, template Template) []string {
	if slices.Contains(neverInjected, namespace.Name) || template.HostNetwork {
		return nil
	}
	var revisions []string
	for _, h := range w.Webhooks {
		if h.matches(namespace, template) && !slices.Contains(revisions, h.Revision) {
			revisions = append(revisions, h.Revision)
		}
	}
	if injectionDisabled(template) {
		return nil
	}
	return revisions
}

// InjectsOnly reports whether a revision injects a workload's pods by the template's own
// labels and not by the namespace's. It is false for a workload that is known by its pods
// alone, because no template of it can be read.
func (w World) InjectsOnly(wl Workload, revision string) bool {
	namespace, _ := w.Namespace(wl.Namespace)
	return wl.Kind.Listed() && slices.Contains(w.Injectors(namespace, wl.Template), revision) &&
		!slices.Contains(w.Injectors(namespace, Template{}), revision)
}

// TemplateChooses reports whether a workload's template itself chooses a revision for its next
// pods: by the label istio.io/rev, where neither a label of the namespace decides nor injection
// is disabled, or because it was rendered for that revision. The label may name a tag.
func (w World) TemplateChooses(wl Workload, revision string) bool {
	if wl.Prerendered() {
		return wl.Template.Deployed() == revision
	}
	label, labelled := wl.Template.Labels[RevisionLabel]
	return labelled && w.LabelMeans(label, revision) && w.TemplateLabelDecides(wl)
}

// TemplateBinding returns how a template names its revision, "its template has
// istio.io/rev=1-29-1".
func (w Workload) TemplateBinding() string {
	if w.Prerendered() {
		return "its template was rendered for revision " + w.Template.Deployed()
	}
	return "its template has " + RevisionLabel + "=" + w.Template.Labels[RevisionLabel]
}

// TemplateLabelDecides reports whether the label istio.io/rev of a workload's template, if it
// has one, chooses the revision that injects its pods. It does not where the namespace has a
// label of its own for injection, or where nothing is injected.
func (w World) TemplateLabelDecides(wl Workload) bool {
	namespace, _ := w.Namespace(wl.Namespace)
	b := namespace.Binding()
	return !b.Injection.Set && !b.Revision.Set && !injectionDisabled(wl.Template) && !wl.Template.HostNetwork &&
		!slices.Contains(neverInjected, wl.Namespace)
}

// injectionDisabled reports whether istiod skips a pod that a webhook selects: the label
// takes precedence over the annotation, and the annotation can only disable
// (injectRequired in pkg/kube/inject/inject.go @1.30.3).
func injectionDisabled(t Template) bool {
	if v, ok := t.Labels[SidecarLabel]; ok {
		return v == "false"
	}
	return t.Annotations[SidecarLabel] == "false"
}
