// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rerig/rerig/api/v1alpha1"
	"github.com/rerig/rerig/internal/mesh"
)

// gitOpsManagers are the field managers of GitOps tools.
var gitOpsManagers = map[string]string{
	"argocd-controller":             "Argo CD",
	"argocd-application-controller": "Argo CD",
	"kustomize-controller":          "Flux",
	"helm-controller":               "Flux",
	"flux":                          "Flux",
	"fleetagent":                    "Fleet",
	"configsync.gke.io":             "Config Sync",
}

// labelsManagedBy returns the GitOps tool that manages the two binding labels of a
// namespace, "" for none: a tool that owns them as a field manager, or that tracks
// a namespace with them. Such a tool reverts other values. It leaves alone labels
// that it does not know: those that a run added.
func labelsManagedBy(m *metav1.ObjectMeta) string {
	tracker := trackedBy(m)
	if tracker != "" && bindsNamespace(m.Labels) && !writtenByRun(m) {
		return tracker
	}
	for _, f := range m.ManagedFields {
		if tool := gitOpsManagers[f.Manager]; tool != "" && (ownsLabel(f, mesh.RevisionLabel) || ownsLabel(f, mesh.InjectionLabel)) {
			if tracker != "" {
				return tracker
			}
			return tool + " (field manager " + f.Manager + ")"
		}
	}
	return ""
}

// trackedBy returns the tool that tracks an object, by the tool's labels and
// annotations; "" for none.
func trackedBy(m *metav1.ObjectMeta) string {
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

// writtenByRun reports whether a run wrote each binding label that is set, and no
// other field manager did. It returns false where no field manager is known.
func writtenByRun(m *metav1.ObjectMeta) bool {
	for _, label := range []string{mesh.RevisionLabel, mesh.InjectionLabel} {
		if _, is := m.Labels[label]; !is {
			continue
		}
		ours := false
		for _, f := range m.ManagedFields {
			if !ownsLabel(f, label) {
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

// ownsLabel reports whether a field manager owns a label.
func ownsLabel(f metav1.ManagedFieldsEntry, label string) bool {
	return f.FieldsV1 != nil && strings.Contains(f.FieldsV1.GetRawString(), `"f:`+label+`"`)
}
