// SPDX-License-Identifier: Apache-2.0

package istio

import (
	"slices"
	"testing"
)

// The kinds of configuration in crd-all.gen.yaml of the chart base @1.31.0: a missing
// one would neither be noted before a move nor hold a removal.
func TestConfigKindsAreComplete(t *testing.T) {
	known := []string{EnvoyFilters.Resource}
	for _, k := range Configs {
		known = append(known, k.Resource.Resource)
		selects := slices.ContainsFunc(WorkloadSelectors(), func(s WorkloadSelector) bool { return s.Kind == k })
		if want := !slices.Contains([]string{"ProxyConfig", "VirtualService"}, k.Name); selects != want {
			t.Errorf("%s selects pods: got %v, want %v", k.Name, selects, want)
		}
	}
	for _, k := range chosen {
		known = append(known, k.Resource.Resource)
	}
	for _, resource := range []string{
		"trafficextensions", "wasmplugins", "destinationrules", "envoyfilters", "gateways", "proxyconfigs", "serviceentries", "sidecars",
		"virtualservices", "workloadentries", "workloadgroups", "authorizationpolicies", "peerauthentications", "requestauthentications",
		"telemetries",
	} {
		if !slices.Contains(known, resource) {
			t.Errorf("%s is missing", resource)
		}
	}
}
