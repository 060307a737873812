// SPDX-License-Identifier: Apache-2.0

package install

import (
	"errors"
	"fmt"

	"helm.sh/helm/v4/pkg/chart/v2/loader"
	"k8s.io/apimachinery/pkg/runtime"
)

// values returns the values given to Helm: the inherited ones, overridden by the user's, with
// revision and revisionTags set for this revision. Those of istiod are where the chart has them.
func (i HelmInstaller) values(d Draft, l chartLayout) (map[string]any, error) {
	user := i.Chart.Values
	if own := l.get(user, "revision"); own != nil && fmt.Sprint(own) != d.Revision {
		return nil, fmt.Errorf("the values set %s %q, but the run installs %q. Remove %[1]s from the values, or run with --to %[2]s",
			l.pathOf("revision"), own, d.Revision)
	}
	if tags, _ := l.get(user, "revisionTags").([]any); len(tags) > 0 {
		return nil, fmt.Errorf("the values set %s %v: these tags would point to %s before any wave. "+
			"Remove %[1]s from the values",
			l.pathOf("revisionTags"), tags, d.Revision)
	}
	values := map[string]any{}
	if d.Inherited != nil {
		values = l.nest(runtime.DeepCopyJSON(d.Inherited.Values))
	}
	values = runtime.DeepCopyJSON(loader.MergeMaps(values, user))
	err := errors.Join(l.set(values, d.Revision, "revision"), l.set(values, []any{}, "revisionTags"))
	if i.Root != defaultRoot {
		err = errors.Join(err, l.set(values, i.Root, "global", "istioNamespace"))
	}
	if err != nil {
		return nil, fmt.Errorf("set the revision in the values: %w", err)
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
