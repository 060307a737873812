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

// isGateway reports whether an object is a gateway or part of one: by its component label, or
// because it runs a proxy as a router.
func isGateway(o *unstructured.Unstructured) bool {
	component := o.GetLabels()[componentLabel]
	return component == "IngressGateways" || component == "EgressGateways" || runsRouter(o)
}

// runsRouter reports whether an object's pods are gateways: rendered ones run "proxy router",
// injected ones request the template "gateway".
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

// gatewaysByComponent groups the names of a manifest's gateways by component, as
// Operator.WithoutGateways expects them. A gateway of neither gateway component cannot be disabled
// in the file.
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
		return nil, fmt.Errorf("the manifest contains gateways of no gateway component, which cannot be disabled: %s. "+
			"Remove them from the IstioOperator file",
			strings.Join(stray, ", "))
	}
	return found, nil
}

func runsPods(o *unstructured.Unstructured) bool {
	return o.GetKind() == "Deployment" || o.GetKind() == "DaemonSet"
}

// checkOnlyGatewaysRemoved verifies that rest is the manifest all without its gateways, and without
// any other difference.
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
			faults = append(faults, fmt.Errorf("%s is still there", objectOf(o)))
		case !ok:
			faults = append(faults, fmt.Errorf("%s was added", objectOf(o)))
		case !equalObjects(before, o):
			faults = append(faults, fmt.Errorf("%s changed", objectOf(o)))
		}
	}
	for _, o := range wanted {
		faults = append(faults, fmt.Errorf("%s was removed", objectOf(o)))
	}
	if len(faults) > 0 {
		return fmt.Errorf("remove the gateways, and nothing else, from the manifest: %w. "+
			"Disable the gateways in the IstioOperator file, or install the revision yourself",
			errors.Join(faults...))
	}
	return nil
}

func objectKey(o *unstructured.Unstructured) string {
	return o.GetAPIVersion() + " " + objectOf(o).String()
}

// equalObjects compares an object of two manifests, one of them without gateways. The ConfigMap
// values-<revision> records the values used for rendering, including those of gateways; nothing
// reads them at run time.
func equalObjects(a, b *unstructured.Unstructured) bool {
	if a.GetKind() == "ConfigMap" && strings.HasPrefix(a.GetName(), "values-") {
		a, b = withoutGatewayValues(a), withoutGatewayValues(b)
	}
	return equality.Semantic.DeepEqual(a.Object, b.Object)
}

func withoutGatewayValues(configMap *unstructured.Unstructured) *unstructured.Unstructured {
	data, _, _ := unstructured.NestedStringMap(configMap.Object, "data")
	for key, value := range data {
		var values map[string]any
		if json.Unmarshal([]byte(value), &values) != nil {
			continue
		}
		delete(values, "gateways")
		rest, _ := json.Marshal(values)
		data[key] = string(rest)
	}
	copied := configMap.DeepCopy()
	_ = unstructured.SetNestedStringMap(copied.Object, data, "data")
	return copied
}
