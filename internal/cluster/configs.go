// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/rerig/rerig/internal/mesh"
)

// configs are Istio's kinds of configuration, which the label istio.io/rev hides
// from every other control plane.
var configs = map[string]schema.GroupVersionResource{
	"VirtualService":        {Group: "networking.istio.io", Version: "v1beta1", Resource: "virtualservices"},
	"DestinationRule":       {Group: "networking.istio.io", Version: "v1beta1", Resource: "destinationrules"},
	"Gateway":               {Group: "networking.istio.io", Version: "v1beta1", Resource: "gateways"},
	"Sidecar":               {Group: "networking.istio.io", Version: "v1beta1", Resource: "sidecars"},
	"ServiceEntry":          {Group: "networking.istio.io", Version: "v1beta1", Resource: "serviceentries"},
	"ProxyConfig":           {Group: "networking.istio.io", Version: "v1beta1", Resource: "proxyconfigs"},
	"AuthorizationPolicy":   {Group: "security.istio.io", Version: "v1beta1", Resource: "authorizationpolicies"},
	"PeerAuthentication":    {Group: "security.istio.io", Version: "v1beta1", Resource: "peerauthentications"},
	"RequestAuthentication": {Group: "security.istio.io", Version: "v1beta1", Resource: "requestauthentications"},
	"Telemetry":             {Group: "telemetry.istio.io", Version: "v1alpha1", Resource: "telemetries"},
	"WasmPlugin":            {Group: "extensions.istio.io", Version: "v1alpha1", Resource: "wasmplugins"},
	"TrafficExtension":      {Group: "extensions.istio.io", Version: "v1alpha1", Resource: "trafficextensions"}, // from 1.31
}

var envoyFilters = schema.GroupVersionResource{Group: "networking.istio.io", Version: "v1alpha3", Resource: "envoyfilters"}

// readConfigs lists configuration that a move of proxies can make vanish: bound to
// a revision by its label, or to versions of proxies.
func (c *Cluster) readConfigs(ctx context.Context) ([]mesh.PartialConfig, error) {
	var list []mesh.PartialConfig
	for kind, resource := range configs {
		err := pages(ctx, ofRevision, c.metadata.Resource(resource).List, func(page *metav1.PartialObjectMetadataList) {
			for _, o := range page.Items {
				list = append(list, mesh.PartialConfig{Subject: kind + " " + o.Namespace + "/" + o.Name, Revision: o.Labels[mesh.RevisionLabel]})
			}
		})
		if err != nil && !apierrors.IsNotFound(err) {
			return nil, reading("each "+kind, err)
		}
	}
	err := pages(ctx, metav1.ListOptions{}, c.objects.Resource(envoyFilters).List, func(page *unstructured.UnstructuredList) {
		for _, o := range page.Items {
			f := mesh.PartialConfig{Subject: "EnvoyFilter " + o.GetNamespace() + "/" + o.GetName(), Revision: o.GetLabels()[mesh.RevisionLabel], Proxies: proxiesOf(o)}
			if f.Revision != "" || len(f.Proxies) > 0 {
				list = append(list, f)
			}
		}
	})
	if err != nil && !apierrors.IsNotFound(err) {
		return nil, reading("EnvoyFilters", err)
	}
	slices.SortFunc(list, func(a, b mesh.PartialConfig) int { return strings.Compare(a.Subject, b.Subject) })
	return list, nil
}

// proxiesOf are the expressions that a proxy's version has to match.
func proxiesOf(filter unstructured.Unstructured) []string {
	var list []string
	patches, _, _ := unstructured.NestedSlice(filter.Object, "spec", "configPatches")
	for _, p := range patches {
		patch, _ := p.(map[string]any)
		if version, _, _ := unstructured.NestedString(patch, "match", "proxy", "proxyVersion"); version != "" {
			list = append(list, version)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

var definitionsOf = schema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: definitions}

// readDefinitions lists the Istio versions that its definitions bear: istioctl
// labels them with it, Helm with that of the chart.
func (c *Cluster) readDefinitions(ctx context.Context) ([]string, error) {
	var versions []string
	err := pages(ctx, metav1.ListOptions{}, c.metadata.Resource(definitionsOf).List, func(page *metav1.PartialObjectMetadataList) {
		for _, o := range page.Items {
			if !strings.HasSuffix(o.Name, ".istio.io") {
				continue
			}
			version := o.Labels["operator.istio.io/version"]
			if chart, ok := strings.CutPrefix(o.Labels["helm.sh/chart"], "base-"); version == "" && ok {
				version = chart
			}
			if version != "" {
				versions = append(versions, version)
			}
		}
	})
	slices.Sort(versions)
	return slices.Compact(versions), reading("Istio's definitions", err)
}
