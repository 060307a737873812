// SPDX-License-Identifier: Apache-2.0

package report

import "github.com/rerig/rerig/internal/mesh"

// SelectedRevision is the revision that the labels of a namespace and a pod select.
// The live webhooks decide what a pod gets.
type SelectedRevision struct {
	Label    string `json:"label,omitempty"`         // the label that decides: "namespace label istio.io/rev=1-29-1"
	Value    string `json:"value,omitempty"`         // the revision or tag in it; "" selects no sidecar
	Revision string `json:"revision,omitempty"`      // the revision behind Value, "" when it does not exist
	Unused   string `json:"withoutEffect,omitempty"` // a label of the pod without effect
}

// selectedRevision evaluates labels as Istio documents them: istio-injection of the
// namespace comes before its istio.io/rev, and both before istio.io/rev of the pod
// (manifests/charts/istio-control/istio-discovery/templates/mutatingwebhook.yaml
// @1.30.3). A pod can always opt out.
func selectedRevision(w mesh.World, ns mesh.Namespace, t mesh.Template) SelectedRevision {
	a := decidingLabel(ns.Binding(), t)
	if t.Labels[mesh.SidecarLabel] == "false" {
		a = SelectedRevision{Label: label("pod", mesh.SidecarLabel, "false")}
	}
	if a.Value != "" {
		if revision, served := w.Resolve(a.Value); served && exists(w, revision) {
			a.Revision = revision
		}
	}
	return a
}

func decidingLabel(b mesh.Binding, t mesh.Template) SelectedRevision {
	pod, hasPod := t.Labels[mesh.RevisionLabel]
	switch {
	case b.Injection.Set && b.Injection.Value == "enabled":
		return SelectedRevision{Label: label("namespace", mesh.InjectionLabel, "enabled"), Value: "default", Unused: unusedLabel(pod, "default")}
	case b.Injection.Set:
		return SelectedRevision{Label: label("namespace", mesh.InjectionLabel, b.Injection.Value), Unused: unusedLabel(pod, "")}
	case b.Revision.Set:
		value := b.Revision.Value
		return SelectedRevision{Label: label("namespace", mesh.RevisionLabel, value), Value: value, Unused: unusedLabel(pod, value)}
	case hasPod:
		return SelectedRevision{Label: label("pod", mesh.RevisionLabel, pod), Value: pod}
	case t.Labels[mesh.SidecarLabel] == "true":
		return SelectedRevision{Label: label("pod", mesh.SidecarLabel, "true"), Value: "default"}
	}
	return SelectedRevision{}
}

// unusedLabel returns a revision label of a pod that the labels of its namespace override.
func unusedLabel(pod, value string) string {
	if pod == "" || pod == value {
		return ""
	}
	return label("pod", mesh.RevisionLabel, pod)
}

func label(owner, key, value string) string { return owner + " label " + key + "=" + value }

func exists(w mesh.World, revision string) bool {
	_, ok := w.Revision(revision)
	return ok
}
