// SPDX-License-Identifier: Apache-2.0

package install

import (
	"fmt"

	"helm.sh/helm/v4/pkg/chart/v2/loader"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
)

// values are what Helm is given: what was carried over, the user's on top, and
// what makes it this revision.
func (i HelmInstaller) values(d Draft) (map[string]any, error) {
	user := i.Chart.Values
	if own, found, _ := unstructured.NestedFieldNoCopy(user, "revision"); found && fmt.Sprint(own) != d.Revision {
		return nil, fmt.Errorf("the values are for revision %q, but %q is wanted: take revision out of them, or ask for %q", own, d.Revision, own)
	}
	if tags, _, _ := unstructured.NestedSlice(user, "revisionTags"); len(tags) > 0 {
		return nil, fmt.Errorf("the values ask for revision tags (revisionTags: %v): they would point to %s before anything is moved, and a tag belongs to one Helm release only: take them out", tags, d.Revision)
	}
	values := map[string]any{}
	if d.Inherited != nil {
		values = runtime.DeepCopyJSON(d.Inherited.Values)
	}
	values = loader.MergeMaps(values, user)
	values["revision"] = d.Revision
	values["revisionTags"] = []any{}
	if i.Root != defaultRoot {
		if err := unstructured.SetNestedField(values, i.Root, "global", "istioNamespace"); err != nil {
			return nil, fmt.Errorf("set global.istioNamespace in the values: %w", err)
		}
	}
	return values, nil
}

// defaultRoot is where the chart puts istiod when it is not told.
const defaultRoot = "istio-system"

// ReadValues reads files of Helm values; what stands in a later one wins. It is
// nil without files.
func ReadValues(read func(path string) ([]byte, error), paths []string) (map[string]any, error) {
	var values map[string]any
	for _, path := range paths {
		content, err := read(path)
		if err != nil {
			return nil, fmt.Errorf("read the values file: %w", err)
		}
		documents, err := splitYAML(content)
		if err != nil {
			return nil, fmt.Errorf("read the values file %s: %w", path, err)
		}
		for _, d := range documents {
			values = loader.MergeMaps(values, d)
		}
	}
	return values, nil
}
