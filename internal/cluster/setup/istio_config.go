// SPDX-License-Identifier: Apache-2.0

package setup

import (
	"context"
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
					Revision: o.GetLabels()[mesh.RevisionLabel], Proxies: proxyVersions(o),
				}
				if f.Revision != "" || len(f.Proxies) > 0 {
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

// readDefinitions returns the Istio versions of its definitions: istioctl labels
// them with it, Helm with the version of the chart.
func (r *Reader) readDefinitions(ctx context.Context) ([]string, error) {
	var versions []string
	err := client.List(ctx, metav1.ListOptions{}, r.api.Metadata.Resource(istio.Definitions).List, func() { versions = nil },
		func(page *metav1.PartialObjectMetadataList) {
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
	return slices.Compact(versions), client.ReadError("Istio's definitions", err)
}
