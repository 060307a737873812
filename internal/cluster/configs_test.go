// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"slices"
	"testing"
)

// Istio's kinds of configuration, by crd-all.gen.yaml of chart base @1.31.0: one
// that is missing is neither noted before a move nor holds a removal.
func TestEachKindOfIstiosIsKnown(t *testing.T) {
	known := []string{envoyFilters.Resource}
	for kind, r := range configs {
		known = append(known, r.Resource)
		if selects := workloadSelectors[kind] != nil; selects != !slices.Contains([]string{"Gateway", "ProxyConfig", "VirtualService"}, kind) {
			t.Errorf("%s names the labels of pods: %v", kind, selects)
		}
	}
	for _, r := range chosen {
		known = append(known, r.Resource)
	}
	for _, plural := range []string{"trafficextensions", "wasmplugins", "destinationrules", "envoyfilters", "gateways", "proxyconfigs", "serviceentries", "sidecars",
		"virtualservices", "workloadentries", "workloadgroups", "authorizationpolicies", "peerauthentications", "requestauthentications", "telemetries"} {
		if !slices.Contains(known, plural) {
			t.Error(plural)
		}
	}
}
