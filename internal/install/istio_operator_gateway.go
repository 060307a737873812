// SPDX-License-Identifier: Apache-2.0

package install

import (
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/rerig/rerig/internal/mesh"
)

// GatewayOperatorName returns the metadata.name of the IstioOperator that Rerig derives for one
// gateway. It is only rendered. Whoever installs it prunes nothing: no object has that name.
func GatewayOperatorName(gateway string) string { return "rerig-gateway-" + gateway }

// OnlyGateway returns the IstioOperator of one gateway, for a revision: everything that the user's
// file sets besides its profile and components, and that component alone.
func (o IstioOperator) OnlyGateway(wl mesh.Workload, revision string) (IstioOperator, error) {
	derived, err := o.ForRevision(revision)
	if err != nil {
		return IstioOperator{}, err
	}
	spec, _ := derived.object["spec"].(map[string]any)
	entry, err := o.gatewayEntry(wl)
	if err != nil {
		return IstioOperator{}, err
	}
	spec["profile"] = "empty"
	for _, c := range gatewayComponents {
		if c.label == wl.Installed.Component {
			spec["components"] = map[string]any{c.list: []any{entry}}
		}
		if c.usual != wl.Name {
			if err := derived.disableGatewayValue(c.usual); err != nil {
				return IstioOperator{}, fmt.Errorf("disable %s in the IstioOperator: %w", c.usual, err)
			}
		}
	}
	err = unstructured.SetNestedField(derived.object, GatewayOperatorName(wl.Name), "metadata", "name")
	return derived, err
}

// gatewayEntry returns a gateway's entry in the lists of components, enabled. One that only the
// profile has, has an entry with its name.
func (o IstioOperator) gatewayEntry(wl mesh.Workload) (map[string]any, error) {
	var found []map[string]any
	for _, c := range gatewayComponents {
		if c.label != wl.Installed.Component {
			continue
		}
		list, _, err := unstructured.NestedSlice(o.object, "spec", "components", c.list)
		if err != nil {
			return nil, fmt.Errorf("read spec.components.%s of the IstioOperator: %w", c.list, err)
		}
		for _, e := range list {
			entry, _ := e.(map[string]any)
			if name := nestedString(entry, "name"); name == wl.Name || name == "" && wl.Name == c.usual {
				found = append(found, entry)
			}
		}
	}
	entry := map[string]any{"name": wl.Name}
	for i, e := range found {
		if i == 0 || nestedString(e, "namespace") == wl.Namespace {
			entry = runtime.DeepCopyJSON(e)
		}
	}
	entry["name"], entry["enabled"] = wl.Name, true
	return entry, nil
}
