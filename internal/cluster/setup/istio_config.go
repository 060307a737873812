// SPDX-License-Identifier: Apache-2.0

package setup

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/rerig/rerig/internal/cluster/client"
	"github.com/rerig/rerig/internal/cluster/istio"
	"github.com/rerig/rerig/internal/mesh"
)

// readConfigs lists the configuration that may lose its effect when proxies move:
// configuration for one revision, by its label, or for versions of proxies.
func (r *Reader) readConfigs(ctx context.Context) ([]mesh.PartialConfig, error) {
	var list []mesh.PartialConfig
	for _, k := range istio.Configs {
		from := len(list)
		err := client.List(ctx, ofRevision, r.api.Metadata.Resource(k.Resource).List, func() { list = list[:from] },
			func(page *metav1.PartialObjectMetadataList) {
				for _, o := range page.Items {
					list = append(list, mesh.PartialConfig{Subject: k.Name + " " + o.Namespace + "/" + o.Name, Revision: o.Labels[mesh.RevisionLabel]})
				}
			})
		if err != nil && !apierrors.IsNotFound(err) {
			return nil, client.ReadError("each "+k.Name, err)
		}
	}
	filters, err := r.readEnvoyFilters(ctx)
	if err != nil {
		return nil, err
	}
	list = append(list, filters...)
	slices.SortFunc(list, func(a, b mesh.PartialConfig) int { return strings.Compare(a.Subject, b.Subject) })
	return list, nil
}

func (r *Reader) readEnvoyFilters(ctx context.Context) ([]mesh.PartialConfig, error) {
	var list []mesh.PartialConfig
	err := client.List(ctx, metav1.ListOptions{}, r.api.Dynamic.Resource(istio.EnvoyFilters).List, func() { list = nil },
		func(page *unstructured.UnstructuredList) {
			for _, o := range page.Items {
				f := mesh.PartialConfig{
					Subject:  "EnvoyFilter " + o.GetNamespace() + "/" + o.GetName(),
					Revision: o.GetLabels()[mesh.RevisionLabel], Proxies: proxyVersions(o), ProxyProtocol: proxyProtocolPatches(o),
				}
				f.Selects, _, _ = unstructured.NestedStringMap(o.Object, "spec", "workloadSelector", "labels")
				if f.Revision != "" || len(f.Proxies) > 0 || len(f.ProxyProtocol) > 0 {
					list = append(list, f)
				}
			}
		})
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	return list, client.ReadError("EnvoyFilters", err)
}

// proxyVersions returns the expressions that a proxy's version has to match.
func proxyVersions(filter unstructured.Unstructured) []string {
	var list []string
	for _, patch := range patchesOf(filter) {
		if version := patchVersion(patch); version != "" {
			list = append(list, version)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// proxyProtocolPatches returns, of the patches that make listeners of gateways read the
// PROXY protocol, the expressions that a proxy's version has to match.
func proxyProtocolPatches(filter unstructured.Unstructured) []string {
	var list []string
	for _, patch := range patchesOf(filter) {
		text, _ := json.Marshal(patch["patch"]) // it was read from JSON
		operation, _, _ := unstructured.NestedString(patch, "patch", "operation")
		proxies, _, _ := unstructured.NestedString(patch, "match", "context")
		if operation == "REMOVE" || strings.HasPrefix(proxies, "SIDECAR") || !strings.Contains(string(text), proxyProtocolFilter) {
			continue
		}
		list = append(list, patchVersion(patch))
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// proxyProtocolFilter names Envoy's listener filter for the PROXY protocol.
const proxyProtocolFilter = "envoy.filters.listener.proxy_protocol"

// patchesOf returns the patches of an EnvoyFilter.
func patchesOf(filter unstructured.Unstructured) []map[string]any {
	var list []map[string]any
	patches, _, _ := unstructured.NestedSlice(filter.Object, "spec", "configPatches")
	for _, p := range patches {
		if patch, is := p.(map[string]any); is {
			list = append(list, patch)
		}
	}
	return list
}

// patchVersion returns the expression that a proxy's version has to match, "" for any.
func patchVersion(patch map[string]any) string {
	version, _, _ := unstructured.NestedString(patch, "match", "proxy", "proxyVersion")
	return version
}

// readDefinitions reads the Istio versions of Istio's definitions: istioctl labels them
// with it, Helm with the version of the chart. It reads those of the Gateway API too.
func (r *Reader) readDefinitions(ctx context.Context, s *mesh.ControlPlaneSettings) error {
	err := client.List(ctx, metav1.ListOptions{}, r.api.Metadata.Resource(istio.Definitions).List,
		func() { s.CRDVersions, s.GatewayDefinitions = nil, nil },
		func(page *metav1.PartialObjectMetadataList) {
			for i := range page.Items {
				if d, is := gatewayDefinition(&page.Items[i]); is {
					s.GatewayDefinitions = append(s.GatewayDefinitions, d)
				}
				if version := definitionVersion(&page.Items[i]); version != "" {
					s.CRDVersions = append(s.CRDVersions, version)
				}
			}
		})
	slices.Sort(s.CRDVersions)
	s.CRDVersions = slices.Compact(s.CRDVersions)
	return client.ReadError("Istio's definitions", err)
}

// definitionVersion returns the Istio version of a definition, "" for one that is not
// Istio's.
func definitionVersion(m *metav1.PartialObjectMetadata) string {
	version := m.Labels["operator.istio.io/version"]
	if chart, ok := strings.CutPrefix(m.Labels["helm.sh/chart"], "base-"); version == "" && ok {
		version = chart
	}
	if !strings.HasSuffix(m.Name, ".istio.io") {
		return ""
	}
	return version
}
