// SPDX-License-Identifier: Apache-2.0

package install

import (
	"bufio"
	"cmp"
	"fmt"
	"strings"

	chart "helm.sh/helm/v4/pkg/chart/v2"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	release "helm.sh/helm/v4/pkg/release/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"
)

// istiodChart is the name of Istio's chart with the control plane, and the label app of its objects.
const istiodChart = "istiod"

// chartLayout says where Istio's chart istiod is in a chart: it is the chart itself, or a dependency of
// it, whatever the chart's own name is. A chart with such a dependency is a wrapper.
type chartLayout struct {
	keys     []string        // under which a wrapper's values hold those of istiod; none without a wrapper
	metadata *chart.Metadata // of Istio's chart
}

// layoutOf returns the layout of a chart that was loaded and not yet rendered: rendering it changes the
// names of its dependencies. It rejects a wrapper with several istiods.
func layoutOf(c *chart.Chart) (chartLayout, error) {
	found := istiodsIn(c, nil)
	switch len(found) {
	case 0:
		return chartLayout{metadata: c.Metadata}, nil
	case 1:
		return found[0], nil
	}
	var paths []string
	for _, l := range found {
		paths = append(paths, strings.Join(l.keys, "."))
	}
	return chartLayout{}, fmt.Errorf("chart %s has several dependencies with istiod (%s): a run installs one control plane. "+
		"Name a chart with one of them, or Istio's own chart, with --chart", c.Name(), strings.Join(paths, ", "))
}

// istiodsIn returns the layout for each chart istiod among the dependencies of a chart.
func istiodsIn(c *chart.Chart, keys []string) []chartLayout {
	var list []chartLayout
	for _, dependency := range c.Dependencies() {
		for _, key := range valueKeys(c, dependency.Name()) {
			path := append(append([]string{}, keys...), key)
			below := istiodsIn(dependency, path)
			if len(below) == 0 && dependency.Name() == istiodChart {
				below = []chartLayout{{keys: path, metadata: dependency.Metadata}}
			}
			list = append(list, below...)
		}
	}
	return list
}

// valueKeys returns the keys of a dependency in the values of a chart: its aliases, or its name.
func valueKeys(c *chart.Chart, dependency string) []string {
	var keys []string
	for _, d := range c.Metadata.Dependencies {
		if d.Name == dependency {
			keys = append(keys, cmp.Or(d.Alias, d.Name))
		}
	}
	if len(keys) == 0 { // a folder in charts/ that is not declared
		return []string{dependency}
	}
	return keys
}

// isWrapper reports whether the values of istiod are below keys.
func (l chartLayout) isWrapper() bool { return len(l.keys) > 0 }

// nest returns the values of istiod as values of the chart.
func (l chartLayout) nest(values map[string]any) map[string]any {
	for n := len(l.keys) - 1; n >= 0; n-- {
		values = map[string]any{l.keys[n]: values}
	}
	return values
}

// set sets a value of istiod in the values of the chart.
func (l chartLayout) set(values map[string]any, value any, path ...string) error {
	return unstructured.SetNestedField(values, value, append(append([]string{}, l.keys...), path...)...)
}

// get returns a value of istiod in the values of the chart, nil if it is not set.
func (l chartLayout) get(values map[string]any, path ...string) any {
	value, _, _ := unstructured.NestedFieldNoCopy(values, append(append([]string{}, l.keys...), path...)...)
	return value
}

// pathOf returns a value of istiod as --set names it.
func (l chartLayout) pathOf(value string) string {
	return strings.Join(append(append([]string{}, l.keys...), value), ".")
}

// extract returns the values of istiod in the values of the chart. A wrapper's global values are those of
// its dependencies too, and win over theirs, as in Helm (coalesceGlobals in pkg/chart/common/util, v4).
func (l chartLayout) extract(values map[string]any) map[string]any {
	var globals []any
	for _, key := range l.keys {
		globals = append(globals, values["global"])
		values, _ = values[key].(map[string]any)
	}
	own := runtime.DeepCopyJSON(values)
	if own == nil {
		own = map[string]any{}
	}
	for n := len(globals) - 1; n >= 0; n-- {
		if global, ok := globals[n].(map[string]any); ok && len(global) > 0 {
			own = loader.MergeMaps(own, map[string]any{"global": runtime.DeepCopyJSON(global)})
		}
	}
	return own
}

// layoutOfRelease returns the layout of the chart of a release; false if it cannot be known. Helm stores a
// chart without its dependencies. Its manifest names the template of each object, and with it the
// keys; without these comments, the declared dependencies decide.
func layoutOfRelease(r *release.Release, revision string) (chartLayout, bool) {
	l := chartLayout{metadata: r.Chart.Metadata}
	if source := sourceOfIstiod(r.Manifest, revision); source != "" {
		parts := strings.Split(source, "/charts/")
		l.keys = parts[1:]
		return l, true
	}
	if len(r.Chart.Metadata.Dependencies) == 0 {
		return l, r.Chart.Name() == istiodChart
	}
	for _, d := range r.Chart.Metadata.Dependencies {
		if d.Name == istiodChart {
			l.keys = []string{cmp.Or(d.Alias, d.Name)}
			return l, true
		}
	}
	return l, false
}

// sourceOfIstiod returns the path of the chart that rendered the Deployment of a revision's istiod,
// "mesh/charts/istiod", or "" if the manifest does not say. Above each object Helm writes a line
// "# Source: mesh/charts/istiod/templates/deployment.yaml" (renderResources in pkg/action/action.go of
// Helm 3 and 4).
func sourceOfIstiod(manifest, revision string) string {
	for documents := utilyaml.NewYAMLReader(bufio.NewReader(strings.NewReader(manifest))); ; {
		text, err := documents.Read()
		if err != nil { // the end
			return ""
		}
		var o unstructured.Unstructured
		if yaml.Unmarshal(text, &o.Object) != nil || !isIstiod(&o, revision) {
			continue
		}
		for line := range strings.Lines(string(text)) {
			if source, ok := strings.CutPrefix(line, "# Source: "); ok {
				chart, _, _ := strings.Cut(strings.TrimSpace(source), "/templates/")
				return chart
			}
		}
	}
}

// isIstiod reports whether an object is the Deployment of a revision's istiod.
func isIstiod(o *unstructured.Unstructured, revision string) bool {
	own := cmp.Or(o.GetLabels()[revisionLabel], defaultRevision) == revision
	return own && o.GetKind() == "Deployment" && o.GetLabels()["app"] == istiodChart
}
