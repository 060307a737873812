// SPDX-License-Identifier: Apache-2.0

package install

import (
	"fmt"

	"helm.sh/helm/v4/pkg/chart/v2/loader"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
)

// values returns the values given to Helm: the inherited ones, overridden by the user's, with
// revision and revisionTags set for this revision.
func (i HelmInstaller) values(d Draft) (map[string]any, error) {
	user := i.Chart.Values
	if own, found, _ := unstructured.NestedFieldNoCopy(user, "revision"); found && fmt.Sprint(own) != d.Revision {
		return nil, fmt.Errorf("the values set revision %q, but the run installs %q. Remove revision from the values, or run with --to %s",
			own, d.Revision, own)
	}
	if tags, _, _ := unstructured.NestedSlice(user, "revisionTags"); len(tags) > 0 {
		return nil, fmt.Errorf("the values set revisionTags %v: these tags would point to %s before any wave. "+
			"Remove revisionTags from the values",
			tags, d.Revision)
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

// defaultRoot is the namespace in which the chart puts istiod by default.
const defaultRoot = "istio-system"

// ReadValues reads and merges files of Helm values; later files override earlier ones. It returns
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
