// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rerig/rerig/api/v1alpha1"
	"github.com/rerig/rerig/internal/mesh"
)

// keepers are the field managers under which GitOps tools write.
var keepers = map[string]string{
	"argocd-controller":             "Argo CD",
	"argocd-application-controller": "Argo CD",
	"kustomize-controller":          "Flux",
	"helm-controller":               "Flux",
	"flux":                          "Flux",
	"fleetagent":                    "Fleet",
	"configsync.gke.io":             "Config Sync",
}

// keeperOf names the GitOps tool that keeps the two binding labels of a namespace
// as they are, "" when none does: one that owns them as a field manager, or one
// that tracks a namespace that bears them. What is written over it comes back. A
// label that a run wrote where there was none is nobody else's: tools leave what
// they do not know alone.
func keeperOf(m *metav1.ObjectMeta) string {
	tracked := trackerOf(m)
	if tracked != "" && boundNamespace(m.Labels) && !oursAlone(m) {
		return tracked
	}
	for _, f := range m.ManagedFields {
		if tool := keepers[f.Manager]; tool != "" && (holdsLabel(f, mesh.RevisionLabel) || holdsLabel(f, mesh.InjectionLabel)) {
			if tracked != "" {
				return tracked
			}
			return tool + " (field manager " + f.Manager + ")"
		}
	}
	return ""
}

// trackerOf names the tool by the labels and annotations that it tracks objects
// with.
func trackerOf(m *metav1.ObjectMeta) string {
	switch l := m.Labels; {
	case l["kustomize.toolkit.fluxcd.io/name"] != "":
		return "Flux Kustomization " + l["kustomize.toolkit.fluxcd.io/namespace"] + "/" + l["kustomize.toolkit.fluxcd.io/name"]
	case l["helm.toolkit.fluxcd.io/name"] != "":
		return "Flux HelmRelease " + l["helm.toolkit.fluxcd.io/namespace"] + "/" + l["helm.toolkit.fluxcd.io/name"]
	case l["argocd.argoproj.io/instance"] != "":
		return "Argo CD application " + l["argocd.argoproj.io/instance"]
	}
	if id := m.Annotations["argocd.argoproj.io/tracking-id"]; id != "" {
		app, _, _ := strings.Cut(id, ":")
		return "Argo CD application " + app
	}
	if release := m.Annotations["meta.helm.sh/release-name"]; release != "" {
		return "Helm release " + m.Annotations["meta.helm.sh/release-namespace"] + "/" + release
	}
	return ""
}

// oursAlone reports whether a run wrote each of the binding labels that are there,
// and nobody else: where nothing tells who wrote them, it did not.
func oursAlone(m *metav1.ObjectMeta) bool {
	for _, label := range []string{mesh.RevisionLabel, mesh.InjectionLabel} {
		if _, is := m.Labels[label]; !is {
			continue
		}
		ours := false
		for _, f := range m.ManagedFields {
			if !holdsLabel(f, label) {
				continue
			}
			if ours = f.Manager == v1alpha1.FieldManager; !ours {
				return false
			}
		}
		if !ours {
			return false
		}
	}
	return true
}

// holdsLabel reports whether a field manager holds a label.
func holdsLabel(f metav1.ManagedFieldsEntry, label string) bool {
	return f.FieldsV1 != nil && strings.Contains(f.FieldsV1.GetRawString(), `"f:`+label+`"`)
}
