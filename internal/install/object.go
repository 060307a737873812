// SPDX-License-Identifier: Apache-2.0

package install

import (
	"cmp"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// The labels by which istioctl knows its objects again (operator/pkg/manifest
// and istio.io/api/label).
const (
	componentLabel = "operator.istio.io/component"
	versionLabel   = "operator.istio.io/version"
	revisionLabel  = "istio.io/rev"
	tagLabel       = "istio.io/tag"
)

// Object names one object and says what is known of it in the cluster.
type Object struct {
	Kind      string `json:"kind"`
	Namespace string `json:"namespace,omitempty"`
	Name      string `json:"name"`
	Component string `json:"component,omitempty"` // Base, Pilot, Cni, Ztunnel, IngressGateways, EgressGateways
	Present   bool   `json:"present"`             // it is in the cluster now
	Revision  string `json:"revision,omitempty"`  // the revision that it bears there
	Version   string `json:"version,omitempty"`   // the Istio version that it bears there
}

// String is "Deployment istio-system/istio-ingressgateway", without the
// namespace where there is none.
func (o Object) String() string {
	if o.Namespace == "" {
		return o.Kind + " " + o.Name
	}
	return o.Kind + " " + o.Namespace + "/" + o.Name
}

// CurrentState says what of it is in the cluster: "now 1-29-1, version 1.29.1", or "not
// there yet".
func (o Object) CurrentState() string {
	switch {
	case !o.Present:
		return "not there yet"
	case o.Revision != "" && o.Version != "":
		return "now " + o.Revision + ", version " + o.Version
	case o.Revision != "":
		return "now " + o.Revision
	case o.Version != "":
		return "now version " + o.Version
	}
	return "there, of no revision"
}

// objectOf is an object of a manifest, before the cluster was looked at.
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

// summarizeByKind says how many there are of a kind, and which where it is one.
func summarizeByKind(objects []Object) []string {
	var lines []string
	for kind, list := range byKind(objects) {
		line := list[0].String()
		if len(list) > 1 {
			line = fmt.Sprintf("%d of kind %s", len(list), kind)
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
