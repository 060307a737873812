// SPDX-License-Identifier: Apache-2.0

package report

import "github.com/rerig/rerig/internal/mesh"

// Ask is what the labels of a namespace and of a pod ask for. What they get is
// for the live webhooks to decide.
type Ask struct {
	Label    string `json:"label,omitempty"`    // the label that counts: "namespace istio.io/rev=1-29-1"
	Value    string `json:"value,omitempty"`    // the revision or tag that it names; "" asks for no sidecar
	Revision string `json:"revision,omitempty"` // the revision behind Value, "" when nobody serves it
	Moot     string `json:"moot,omitempty"`     // a label on the pod that has no effect beside it
}

// askOf reads the labels as Istio documents them: the namespace's istio-injection
// decides before its istio.io/rev, and both decide before the pod's istio.io/rev
// (manifests/charts/istio-control/istio-discovery/templates/mutatingwebhook.yaml
// @1.30.3). A pod can always opt out.
func askOf(w mesh.World, ns mesh.Namespace, t mesh.Template) Ask {
	a := chosen(ns.Binding(), t)
	if t.Labels[mesh.SidecarLabel] == "false" {
		a = Ask{Label: "pod " + mesh.SidecarLabel + "=false"}
	}
	if a.Value != "" {
		if revision, served := w.Resolve(a.Value); served && exists(w, revision) {
			a.Revision = revision
		}
	}
	return a
}

func chosen(b mesh.Binding, t mesh.Template) Ask {
	pod, hasPod := t.Labels[mesh.RevisionLabel]
	switch {
	case b.Injection.Set && b.Injection.Value == "enabled":
		return Ask{Label: label("namespace", mesh.InjectionLabel, "enabled"), Value: "default", Moot: moot(pod, "default")}
	case b.Injection.Set:
		return Ask{Label: label("namespace", mesh.InjectionLabel, b.Injection.Value), Moot: moot(pod, "")}
	case b.Revision.Set:
		value := b.Revision.Value
		return Ask{Label: label("namespace", mesh.RevisionLabel, value), Value: value, Moot: moot(pod, value)}
	case hasPod:
		return Ask{Label: label("pod", mesh.RevisionLabel, pod), Value: pod}
	case t.Labels[mesh.SidecarLabel] == "true":
		return Ask{Label: label("pod", mesh.SidecarLabel, "true"), Value: "default"}
	}
	return Ask{}
}

// moot names a pod's revision label that the namespace's labels override.
func moot(pod, value string) string {
	if pod == "" || pod == value {
		return ""
	}
	return label("pod", mesh.RevisionLabel, pod)
}

func label(owner, key, value string) string { return owner + " " + key + "=" + value }

func exists(w mesh.World, revision string) bool {
	_, ok := w.Revision(revision)
	return ok
}
