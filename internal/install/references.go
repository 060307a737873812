// SPDX-License-Identifier: Apache-2.0

package install

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
)

// Reference is a field of an object to install that leads to another revision than the one to install.
type Reference struct {
	Object   Object
	Field    string // "spec.scaleTargetRef.name: istiod-1-29-1"
	Revision string // the other revision
}

// otherIstiod is an istiod in the cluster of another revision than the one to install.
type otherIstiod struct {
	namespace, name, revision string
	pods                      labels.Set // labels of its pods
}

// service returns the name of its Service.
func (i otherIstiod) service() string { return istiodServiceName(i.revision) }

// findReferences finds what of a manifest leads to another revision: an autoscaler that would scale its
// istiod, a budget or policy for its pods, a webhook that calls it, an address or a label of it.
func (d *Draft) findReferences(ctx context.Context, cluster clusterReader, manifest []*unstructured.Unstructured) error {
	if cluster.client == nil {
		return nil
	}
	list, err := cluster.client.Resource(deploymentResource).List(ctx, metav1.ListOptions{LabelSelector: "app=" + istiodChart})
	if err != nil {
		return fmt.Errorf("list istiod Deployments: %w", err)
	}
	for _, o := range list.Items {
		other := otherIstiod{namespace: o.GetNamespace(), name: o.GetName(),
			revision: cmp.Or(o.GetLabels()[revisionLabel], defaultRevision)}
		other.pods, _, _ = unstructured.NestedStringMap(o.Object, "spec", "template", "metadata", "labels")
		if other.revision == d.Revision && other.namespace == d.Namespace {
			continue
		}
		for _, rendered := range manifest {
			for _, field := range other.fieldsOf(rendered) {
				d.References = append(d.References, Reference{Object: objectOf(rendered), Field: field, Revision: other.revision})
			}
		}
	}
	return nil
}

// fieldsOf returns the fields of an object that lead to the istiod.
func (i otherIstiod) fieldsOf(o *unstructured.Unstructured) []string {
	if o.GetKind() == "ConfigMap" && strings.HasPrefix(o.GetName(), "values") {
		return nil // the values used for rendering, which nothing reads at run time
	}
	var fields []string
	i.walk(o.Object, "", func(path, value string) { fields = append(fields, path+": "+value) })
	if o.GetNamespace() == i.namespace && i.selectedBy(o) {
		fields = append(fields, "selects the pods of Deployment "+i.namespace+"/"+i.name)
	}
	return fields
}

// walk calls found for each string below a value that leads to the istiod.
func (i otherIstiod) walk(value any, path string, found func(path, value string)) {
	switch v := value.(type) {
	case map[string]any:
		if values, ok := v["values"].([]any); ok && v["key"] == revisionLabel && slices.Contains(values, any(i.revision)) {
			found(strings.TrimPrefix(path+".values", "."), i.revision)
		}
		for _, key := range slices.Sorted(maps.Keys(v)) {
			at := strings.TrimPrefix(path+"."+key, ".")
			if text, ok := v[key].(string); ok && i.namedBy(v, key, text) {
				found(at, text)
				continue
			}
			i.walk(v[key], at, found)
		}
	case []any:
		for n, inner := range v {
			i.walk(inner, fmt.Sprintf("%s[%d]", path, n), found)
		}
	case string:
		if len(pathsMentioning(v, "x", i.service(), i.namespace)) > 0 {
			found(path, i.service()+"."+i.namespace)
		}
	}
}

// namedBy reports whether a field of an object names the istiod, its Service or its revision.
func (i otherIstiod) namedBy(object map[string]any, key, value string) bool {
	switch {
	case key == revisionLabel, key == "value" && object["name"] == "REVISION":
		return value == i.revision
	case value != i.name && value != i.service():
		return false
	case i.revision != defaultRevision:
		return true
	}
	// The name istiod is also that of labels and accounts: it counts as the target of an autoscaler and as
	// the Service of a webhook.
	return key == "name" && (object["kind"] == "Deployment" || object["namespace"] == i.namespace && object["path"] != nil)
}

// selectedBy reports whether an object is for the pods of the istiod, by their labels.
func (i otherIstiod) selectedBy(o *unstructured.Unstructured) bool {
	selector := &metav1.LabelSelector{}
	path := map[string][]string{"PodDisruptionBudget": {"spec", "selector"}, "NetworkPolicy": {"spec", "podSelector"}}[o.GetKind()]
	if o.GetKind() == "Service" {
		selector.MatchLabels, _, _ = unstructured.NestedStringMap(o.Object, "spec", "selector")
		return len(selector.MatchLabels) > 0 && labels.SelectorFromSet(selector.MatchLabels).Matches(i.pods)
	}
	object, found, _ := unstructured.NestedMap(o.Object, path...)
	if path == nil || !found || runtime.DefaultUnstructuredConverter.FromUnstructured(object, selector) != nil {
		return false
	}
	s, err := metav1.LabelSelectorAsSelector(selector)
	return err == nil && s.Matches(i.pods)
}
