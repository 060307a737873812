// SPDX-License-Identifier: Apache-2.0

package install

import (
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
)

// gatewayComponents are the components of an IstioOperator that are gateways: the list in its spec,
// the label of their objects, and the name that a profile enables
// (operator/pkg/component/component.go).
var gatewayComponents = []struct{ list, label, usual string }{
	{"ingressGateways", "IngressGateways", "istio-ingressgateway"},
	{"egressGateways", "EgressGateways", "istio-egressgateway"},
}

// WithoutGateways returns the object without the gateways found in its manifest. found holds the
// names of their Deployments by component label. Gateways listed in the file stay in it, disabled.
func (o IstioOperator) WithoutGateways(found map[string][]string) (IstioOperator, error) {
	derived := IstioOperator{object: runtime.DeepCopyJSON(o.object)}
	for _, c := range gatewayComponents {
		names, present := found[c.label]
		if !present {
			continue
		}
		if len(names) == 0 {
			names = []string{c.usual}
		}
		if err := derived.disableGateways(c.list, c.usual, names); err != nil {
			return IstioOperator{}, fmt.Errorf("disable %s in the IstioOperator: %w", c.list, err)
		}
	}
	return derived, nil
}

func (o IstioOperator) disableGateways(list, usual string, names []string) error {
	gateways, given, err := unstructured.NestedSlice(o.object, "spec", "components", list)
	if err != nil {
		return err
	}
	if !given || len(gateways) == 0 {
		for _, name := range names {
			gateways = append(gateways, map[string]any{"name": name})
		}
	}
	for i, gateway := range gateways {
		g, ok := gateway.(map[string]any)
		if !ok {
			return fmt.Errorf("spec.components.%s[%d] is not an object", list, i)
		}
		g["enabled"] = false
	}
	if err := unstructured.SetNestedSlice(o.object, gateways, "spec", "components", list); err != nil {
		return err
	}
	return o.disableGatewayValue(usual)
}

// disableGatewayValue handles the older switch, values.gateways.NAME.enabled, which overrides every
// enabled: false of its component if it is true.
func (o IstioOperator) disableGatewayValue(usual string) error {
	for _, values := range []string{"values", "unvalidatedValues"} {
		path := []string{"spec", values, "gateways", usual, "enabled"}
		if _, given, _ := unstructured.NestedFieldNoCopy(o.object, path...); !given {
			continue
		}
		if err := unstructured.SetNestedField(o.object, false, path...); err != nil {
			return err
		}
	}
	return nil
}
