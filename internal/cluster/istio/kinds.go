// SPDX-License-Identifier: Apache-2.0

package istio

import (
	"slices"

	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Kind is a kind of object, and the resource as which it is served.
type Kind struct {
	Name        string // the kind
	Resource    schema.GroupVersionResource
	ClusterWide bool // its objects are in no namespace
}

func kind(name, group, version, resource string) Kind {
	return Kind{Name: name, Resource: schema.GroupVersionResource{Group: group, Version: version, Resource: resource}}
}

func clusterWide(name, group, version, resource string) Kind {
	k := kind(name, group, version, resource)
	k.ClusterWide = true
	return k
}

const (
	admission  = "admissionregistration.k8s.io"
	rbac       = "rbac.authorization.k8s.io"
	networking = "networking.istio.io"
	security   = "security.istio.io"
	extensions = "extensions.istio.io"
)

// Resources that are read or written by themselves.
var (
	EnvoyFilters   = schema.GroupVersionResource{Group: networking, Version: "v1alpha3", Resource: "envoyfilters"}
	Gateways       = schema.GroupVersionResource{Group: networking, Version: "v1beta1", Resource: "gateways"} // not those of the Gateway API
	APIGateways    = schema.GroupVersionResource{Group: "gateway.networking.k8s.io", Version: "v1", Resource: "gateways"}
	ServiceEntries = schema.GroupVersionResource{Group: networking, Version: "v1", Resource: "serviceentries"}
	WorkloadEntry  = schema.GroupVersionResource{Group: networking, Version: "v1alpha3", Resource: "workloadentries"}
	WorkloadGroup  = schema.GroupVersionResource{Group: networking, Version: "v1alpha3", Resource: "workloadgroups"}
	Secrets        = schema.GroupVersionResource{Version: "v1", Resource: "secrets"}
	Definitions    = schema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"}
)

// RouteKind is a kind whose objects lead from a gateway to backends.
type RouteKind struct {
	Name     string // in the plural, as messages name it
	Group    string
	Versions []string // the first one that is served is read
	Resource string
}

const gatewayAPI = "gateway.networking.k8s.io"

// RouteKinds returns the kinds of Istio and of the Gateway API that lead from a gateway to
// backends, Gateways of both included.
func RouteKinds() []RouteKind {
	own, api := []string{"v1", "v1beta1"}, []string{"v1", "v1beta1", "v1alpha3", "v1alpha2"}
	return []RouteKind{
		{Name: "Gateways of Istio", Group: networking, Versions: own, Resource: "gateways"},
		{Name: "VirtualServices", Group: networking, Versions: own, Resource: "virtualservices"},
		{Name: "Gateways of the Gateway API", Group: gatewayAPI, Versions: api[:2], Resource: "gateways"},
		{Name: "HTTPRoutes", Group: gatewayAPI, Versions: api[:2], Resource: "httproutes"},
		{Name: "GRPCRoutes", Group: gatewayAPI, Versions: api, Resource: "grpcroutes"},
		{Name: "TLSRoutes", Group: gatewayAPI, Versions: api, Resource: "tlsroutes"},
	}
}

// Components are the kinds of which a control plane consists: those that
// `istioctl uninstall --revision` looks at (operator/pkg/uninstall/prune.go
// @1.31.0), and those that the chart istiod renders besides, 1.29.1 and 1.31.0.
var Components = []Kind{
	clusterWide("MutatingWebhookConfiguration", admission, "v1", "mutatingwebhookconfigurations"),
	clusterWide("ValidatingWebhookConfiguration", admission, "v1", "validatingwebhookconfigurations"),
	clusterWide("ValidatingAdmissionPolicy", admission, "v1", "validatingadmissionpolicies"),
	clusterWide("ValidatingAdmissionPolicyBinding", admission, "v1", "validatingadmissionpolicybindings"),
	clusterWide("ClusterRole", rbac, "v1", "clusterroles"),
	clusterWide("ClusterRoleBinding", rbac, "v1", "clusterrolebindings"),
	kind("Role", rbac, "v1", "roles"),
	kind("RoleBinding", rbac, "v1", "rolebindings"),
	kind("Deployment", "apps", "v1", "deployments"),
	kind("DaemonSet", "apps", "v1", "daemonsets"),
	kind("Service", "", "v1", "services"),
	kind("EndpointSlice", "discovery.k8s.io", "v1", "endpointslices"), // of a remote istiod; others go with their Service
	kind("ConfigMap", "", "v1", "configmaps"),
	kind("Secret", "", "v1", "secrets"),
	kind("ServiceAccount", "", "v1", "serviceaccounts"),
	kind("PodDisruptionBudget", "policy", "v1", "poddisruptionbudgets"),
	kind("HorizontalPodAutoscaler", "autoscaling", "v2", "horizontalpodautoscalers"),
	kind("NetworkPolicy", "networking.k8s.io", "v1", "networkpolicies"),
	kind("EnvoyFilter", networking, "v1alpha3", "envoyfilters"),
}

// Component returns one of Components by its name.
func Component(name string) (Kind, bool) { return find(Components, name) }

// Configs are Istio's kinds of configuration. The label istio.io/rev hides their
// objects from every other control plane.
var Configs = []Kind{
	kind("VirtualService", networking, "v1beta1", "virtualservices"),
	kind("DestinationRule", networking, "v1beta1", "destinationrules"),
	kind("Gateway", networking, "v1beta1", "gateways"),
	kind("Sidecar", networking, "v1beta1", "sidecars"),
	kind("ServiceEntry", networking, "v1beta1", "serviceentries"),
	kind("ProxyConfig", networking, "v1beta1", "proxyconfigs"),
	kind("AuthorizationPolicy", security, "v1beta1", "authorizationpolicies"),
	kind("PeerAuthentication", security, "v1beta1", "peerauthentications"),
	kind("RequestAuthentication", security, "v1beta1", "requestauthentications"),
	kind("Telemetry", "telemetry.istio.io", "v1alpha1", "telemetries"),
	kind("WasmPlugin", extensions, "v1alpha1", "wasmplugins"),
	kind("TrafficExtension", extensions, "v1alpha1", "trafficextensions"), // from 1.31
}

// chosen are the kinds whose label istio.io/rev chooses a control plane: Gateways
// of the Gateway API, and what represents VMs.
var chosen = []Kind{
	kind("Gateway", "gateway.networking.k8s.io", "v1", "gateways"),
	kind("WorkloadEntry", networking, "v1alpha3", "workloadentries"),
	kind("WorkloadGroup", networking, "v1alpha3", "workloadgroups"),
	kind("ServiceEntry", networking, "v1alpha3", "serviceentries"),
}

// References are the kinds whose objects may refer to a revision by the label
// istio.io/rev: those whose label chooses a control plane, and the configuration
// that would be orphaned. Istio's own Gateway is named with its group, beside that
// of the Gateway API.
func References() []Kind {
	list := append([]Kind{kind("EnvoyFilter", networking, "v1alpha3", "envoyfilters")}, chosen...)
	for _, k := range Configs {
		if k.Name == "Gateway" {
			k.Name += "." + k.Resource.Group
		}
		if _, twice := find(chosen, k.Name); !twice {
			list = append(list, k)
		}
	}
	return list
}

// WorkloadSelector is a kind of Istio's whose objects select pods, and where they
// hold the labels.
type WorkloadSelector struct {
	Kind Kind
	Path []string // below spec
}

// WorkloadSelectors returns them. ProxyConfig is left out: it is read when a proxy
// starts.
func WorkloadSelectors() []WorkloadSelector {
	byLabels, byMatch := []string{"workloadSelector", "labels"}, []string{"workloadSelector", "matchLabels"}
	bySelector := []string{"selector", "matchLabels"}
	paths := map[string][]string{
		"Gateway": {"selector"}, "DestinationRule": byMatch, "ServiceEntry": byLabels, "Sidecar": byLabels,
		"AuthorizationPolicy": bySelector, "PeerAuthentication": bySelector, "RequestAuthentication": bySelector,
		"Telemetry": bySelector, "WasmPlugin": bySelector, "TrafficExtension": bySelector,
	}
	list := []WorkloadSelector{{kind("EnvoyFilter", networking, "v1alpha3", "envoyfilters"), byLabels}}
	for _, k := range Configs {
		if path, has := paths[k.Name]; has {
			list = append(list, WorkloadSelector{k, path})
		}
	}
	return list
}

func find(kinds []Kind, name string) (Kind, bool) {
	i := slices.IndexFunc(kinds, func(k Kind) bool { return k.Name == name })
	if i < 0 {
		return Kind{}, false
	}
	return kinds[i], true
}
