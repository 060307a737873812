// SPDX-License-Identifier: Apache-2.0

package install

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// isGateway reports whether an object of a manifest is a gateway or belongs to
// one: it says so by its component, or it runs a proxy as a router.
func isGateway(o *unstructured.Unstructured) bool {
	component := o.GetLabels()[componentLabel]
	return component == "IngressGateways" || component == "EgressGateways" || runsRouter(o)
}

// runsRouter reports whether an object's pods are gateways: rendered ones run
// "proxy router", injected ones ask for the template "gateway".
func runsRouter(o *unstructured.Unstructured) bool {
	annotations, _, _ := unstructured.NestedStringMap(o.Object, "spec", "template", "metadata", "annotations")
	if slices.Contains(strings.Split(annotations["inject.istio.io/templates"], ","), "gateway") {
		return true
	}
	containers, _, _ := unstructured.NestedSlice(o.Object, "spec", "template", "spec", "containers")
	for _, c := range containers {
		container, _ := c.(map[string]any)
		arguments, _, _ := unstructured.NestedStringSlice(container, "args")
		if len(arguments) > 1 && arguments[0] == "proxy" && arguments[1] == "router" {
			return true
		}
	}
	return false
}

// gatewaysByComponent sorts the names of a manifest's gateways by component, as
// Operator.Without wants them. A gateway that belongs to neither gateway
// component cannot be left out by the file.
func gatewaysByComponent(manifest []*unstructured.Unstructured) (map[string][]string, error) {
	found := map[string][]string{}
	var stray []string
	for _, o := range manifest {
		if !isGateway(o) {
			continue
		}
		object := objectOf(o)
		if object.Component != "IngressGateways" && object.Component != "EgressGateways" {
			stray = append(stray, object.String())
			continue
		}
		names := found[object.Component]
		if runsPods(o) {
			names = append(names, object.Name)
		}
		found[object.Component] = names
	}
	if len(stray) > 0 {
		return nil, fmt.Errorf("the manifest holds gateways that belong to no gateway component and so cannot be switched off: %s; take them out of the IstioOperator file", strings.Join(stray, ", "))
	}
	return found, nil
}

func runsPods(o *unstructured.Unstructured) bool {
	return o.GetKind() == "Deployment" || o.GetKind() == "DaemonSet"
}

// checkOnlyGatewaysRemoved proves that rest is the manifest all without its gateways,
// and without any other difference.
func checkOnlyGatewaysRemoved(all, rest []*unstructured.Unstructured) error {
	wanted := map[string]*unstructured.Unstructured{}
	for _, o := range all {
		if !isGateway(o) {
			wanted[objectKey(o)] = o
		}
	}
	var faults []error
	for _, o := range rest {
		before, ok := wanted[objectKey(o)]
		delete(wanted, objectKey(o))
		switch {
		case isGateway(o):
			faults = append(faults, fmt.Errorf("%s is still in it", objectOf(o)))
		case !ok:
			faults = append(faults, fmt.Errorf("%s came into it", objectOf(o)))
		case !equalObjects(before, o):
			faults = append(faults, fmt.Errorf("%s changed", objectOf(o)))
		}
	}
	for _, o := range wanted {
		faults = append(faults, fmt.Errorf("%s went out of it", objectOf(o)))
	}
	if len(faults) > 0 {
		return fmt.Errorf("leave the gateways out of the manifest, and nothing else: %w; install the revision yourself, or switch the gateways off in the IstioOperator file", errors.Join(faults...))
	}
	return nil
}

func objectKey(o *unstructured.Unstructured) string {
	return o.GetAPIVersion() + " " + objectOf(o).String()
}

// equalObjects compares an object of two manifests, of which one has no gateways. The
// ConfigMap values-<revision> keeps the values that the revision was rendered
// with, those of gateways among them; nobody runs by it.
func equalObjects(a, b *unstructured.Unstructured) bool {
	if a.GetKind() == "ConfigMap" && strings.HasPrefix(a.GetName(), "values-") {
		a, b = withoutGatewayValues(a), withoutGatewayValues(b)
	}
	return equality.Semantic.DeepEqual(a.Object, b.Object)
}

func withoutGatewayValues(kept *unstructured.Unstructured) *unstructured.Unstructured {
	data, _, _ := unstructured.NestedStringMap(kept.Object, "data")
	for key, value := range data {
		var values map[string]any
		if json.Unmarshal([]byte(value), &values) != nil {
			continue
		}
		delete(values, "gateways")
		rest, _ := json.Marshal(values)
		data[key] = string(rest)
	}
	copied := kept.DeepCopy()
	_ = unstructured.SetNestedStringMap(copied.Object, data, "data")
	return copied
}
