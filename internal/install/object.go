// SPDX-License-Identifier: Apache-2.0

package install

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Labels of Istio's objects (operator/pkg/manifest and istio.io/api/label).
const (
	componentLabel = "operator.istio.io/component"
	versionLabel   = "operator.istio.io/version"
	revisionLabel  = "istio.io/rev"
	tagLabel       = "istio.io/tag"
)

// defaultRevision is how Istio calls the control plane without a revision.
const defaultRevision = "default"

// Object names an object and describes its state in the cluster.
type Object struct {
	Kind      string `json:"kind"`
	Namespace string `json:"namespace,omitempty"`
	Name      string `json:"name"`
	Component string `json:"component,omitempty"` // Base, Pilot, Cni, Ztunnel, IngressGateways, EgressGateways
	Present   bool   `json:"present"`             // exists in the cluster
	Revision  string `json:"revision,omitempty"`  // its revision label in the cluster
	Version   string `json:"version,omitempty"`   // its Istio version in the cluster
	Pods      string `json:"pods,omitempty"`      // what an install does to its pods; "" for nothing
}

// String returns "Deployment istio-system/istio-ingressgateway", without the namespace if there is
// none.
func (o Object) String() string {
	if o.Namespace == "" {
		return o.Kind + " " + o.Name
	}
	return o.Kind + " " + o.Namespace + "/" + o.Name
}

// CurrentState describes the object's state in the cluster: "now 1-29-1, version 1.29.1", or "does not exist
// yet".
func (o Object) CurrentState() string {
	switch {
	case !o.Present:
		return "does not exist yet"
	case o.Revision != "" && o.Version != "":
		return "now " + o.Revision + ", version " + o.Version
	case o.Revision != "":
		return "now " + o.Revision
	case o.Version != "":
		return "now version " + o.Version
	}
	return "exists, without a revision"
}

// Effect describes the object's state in the cluster, and what an install does to its pods.
func (o Object) Effect() string { return strings.TrimSuffix(o.CurrentState()+"; "+o.Pods, "; ") }

// objectOf names an object of a manifest.
func objectOf(o *unstructured.Unstructured) Object {
	object := Object{Kind: o.GetKind(), Namespace: o.GetNamespace(), Name: o.GetName(), Component: o.GetLabels()[componentLabel]}
	if clusterScoped[object.Kind] {
		object.Namespace = ""
	}
	return object
}

// clusterScoped are the kinds without a namespace that Istio's charts render.
var clusterScoped = map[string]bool{
	"ClusterRole": true, "ClusterRoleBinding": true, "ClusterTrustBundle": true, "CustomResourceDefinition": true,
	"GatewayClass": true, "MutatingWebhookConfiguration": true, "Namespace": true, "PriorityClass": true,
	"ValidatingAdmissionPolicy": true, "ValidatingAdmissionPolicyBinding": true, "ValidatingWebhookConfiguration": true,
}

func sortObjects(objects []Object) {
	slices.SortFunc(objects, func(a, b Object) int {
		return cmp.Or(cmp.Compare(a.Component, b.Component), cmp.Compare(a.Kind, b.Kind),
			cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
}

// summarizeByKind returns a line per kind: the object if there is one, otherwise the number of
// objects.
func summarizeByKind(objects []Object) []string {
	var lines []string
	for kind, list := range byKind(objects) {
		line := list[0].String()
		if len(list) > 1 {
			line = fmt.Sprintf("%d %s objects", len(list), kind)
		}
		lines = append(lines, line)
	}
	slices.Sort(lines)
	return lines
}

func byKind(objects []Object) map[string][]Object {
	kinds := map[string][]Object{}
	for _, o := range objects {
		kinds[o.Kind] = append(kinds[o.Kind], o)
	}
	return kinds
}
