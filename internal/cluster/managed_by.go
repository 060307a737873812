// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
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

// people are the field managers of tools with which people change single objects, the
// beginnings of their names. A browser's is that of a dashboard.
var people = []string{"kubectl", "before-first-apply", "oc", "k9s", "Lens", "OpenLens", "node-fetch", "Mozilla", "headlamp"}

// platform are the beginnings of the field managers of Istio and Kubernetes.
var platform = []string{
	"istioctl", "istio-operator", "pilot-discovery", "pilot-agent", "kube-", "kubelet", "kubeadm", "cloud-controller-manager",
}

// tools are other tools, by the beginning of their field managers. A client without a
// field manager of its own has the first part of its user agent.
var tools = []struct {
	begins string
	tool   mesh.Tool
}{
	{"terraform", mesh.Terraform},
	{"hashicorp", mesh.Terraform}, // the provider kubernetes, where it names no field manager
	{"opentofu", mesh.Terraform},
	{"pulumi", mesh.Pulumi},
	{"ansible", mesh.Ansible},
	{"openapi-generator", mesh.Python},
	{"helm", mesh.HelmTool},
	{"crossplane", mesh.Crossplane},
	{"provider-kubernetes", mesh.Crossplane},
	{"kapp", mesh.Kapp},
	{"rancher", mesh.Rancher},
}

// Paths of labels in managedFields.
var (
	ownLabels      = []string{"f:metadata", "f:labels"}
	templateLabels = []string{"f:spec", "f:template", "f:metadata", "f:labels"}
	jobLabels      = append([]string{"f:spec", "f:jobTemplate"}, templateLabels...)
)

// labelsManagedBy returns the GitOps tool that manages the two binding labels of a
// namespace, "" for none: a tool that owns them as a field manager, or that tracks
// a namespace with them. Such a tool reverts other values. It leaves alone labels
// that it does not know: those that a run added.
func labelsManagedBy(m *metav1.ObjectMeta) string {
	tracker := trackedBy(m)
	if tracker != "" && bindsNamespace(m.Labels) && !writtenByRun(m) {
		return tracker
	}
	if tool := gitOpsOwner(m, ownLabels, mesh.RevisionLabel, mesh.InjectionLabel); tool != "" {
		return cmp.Or(tracker, tool)
	}
	return ""
}

// readReleases reads, for a run that swaps, the Helm releases of Deployments whose own label
// chooses their revision.
func (r *Reader) readReleases(ctx context.Context, o *observation) {
	if !r.scope.Swaps || r.releases == nil {
		return
	}
	for i, wl := range o.world.Workloads {
		_, _, byHelm := wl.HelmReleaseName()
		ns, _ := o.world.Namespace(wl.Namespace)
		if byHelm && wl.Kind == mesh.Deployment && wl.Template.Labels[mesh.RevisionLabel] != "" && !wl.ForGateway() &&
			!bindsNamespace(ns.Labels) {
			o.world.Workloads[i].Release = r.releases.Of(ctx, wl)
		}
	}
}

// gitOpsOwner returns the GitOps tool that owns one of the labels as a field manager,
// "" for none.
func gitOpsOwner(m *metav1.ObjectMeta, path []string, labels ...string) string {
	for _, f := range m.ManagedFields {
		if tool := gitOpsManagers[f.Manager]; tool != "" && ownsLabel(f, path, labels...) {
			return mesh.FieldManager{Name: f.Manager, Tool: mesh.Tool(tool)}.String()
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
			if !ownsLabel(f, ownLabels, label) {
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

// ownsLabel reports whether a field manager owns one of the labels.
func ownsLabel(f metav1.ManagedFieldsEntry, path []string, labels ...string) bool {
	if f.FieldsV1 == nil || f.Subresource != "" {
		return false
	}
	text := f.FieldsV1.GetRawString()
	if !slices.ContainsFunc(labels, func(l string) bool { return strings.Contains(text, `"f:`+l+`"`) }) {
		return false // most do not, and are not parsed
	}
	fields := json.RawMessage(text)
	for _, key := range path {
		var below map[string]json.RawMessage
		if json.Unmarshal(fields, &below) != nil {
			return false
		}
		fields = below[key]
	}
	var owned map[string]json.RawMessage
	return json.Unmarshal(fields, &owned) == nil && slices.ContainsFunc(labels, func(l string) bool {
		_, is := owned["f:"+l]
		return is
	})
}

// labelsSetBy returns who set one of the labels, if that is a tool that may set it
// again: one that is known first. GitOps tools are left out: a run waits for them.
func labelsSetBy(m *metav1.ObjectMeta, path []string, labels ...string) mesh.FieldManager {
	var found mesh.FieldManager
	for _, f := range m.ManagedFields {
		if gitOpsManagers[f.Manager] != "" || f.Manager == v1alpha1.FieldManager || begins(f.Manager, people) ||
			begins(f.Manager, platform) || !ownsLabel(f, path, labels...) {
			continue
		}
		manager := mesh.FieldManager{Name: f.Manager, Tool: toolOf(f.Manager)}
		if found.Name == "" || found.Tool == "" && manager.Tool != "" {
			found = manager
		}
	}
	return found
}

// begins reports whether a field manager is one of the names, or has one of them before
// a separator.
func begins(manager string, names []string) bool {
	return slices.ContainsFunc(names, func(name string) bool {
		rest, has := strings.CutPrefix(manager, name)
		return has && (rest == "" || strings.HasSuffix(name, "-") || strings.ContainsAny(rest[:1], "-_/. "))
	})
}

// toolOf returns the tool of a field manager, "" if it is not known.
func toolOf(manager string) mesh.Tool {
	for _, t := range tools {
		if strings.HasPrefix(strings.ToLower(manager), t.begins) {
			return t.tool
		}
	}
	return ""
}
