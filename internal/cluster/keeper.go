// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

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
// that tracks a namespace that bears them. What is written over it comes back.
func keeperOf(m *metav1.ObjectMeta) string {
	tracked := trackerOf(m)
	if tracked != "" && boundNamespace(m.Labels) {
		return tracked
	}
	for _, f := range m.ManagedFields {
		if tool := keepers[f.Manager]; tool != "" && f.FieldsV1 != nil && ownsBinding(f.FieldsV1.GetRawString()) {
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

// ownsBinding reports whether managed fields hold one of the binding labels.
func ownsBinding(text string) bool {
	return slices.ContainsFunc([]string{mesh.RevisionLabel, mesh.InjectionLabel}, func(label string) bool {
		return strings.Contains(text, `"f:`+label+`"`)
	})
}
