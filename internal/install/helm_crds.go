// SPDX-License-Identifier: Apache-2.0

package install

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	chart "helm.sh/helm/v4/pkg/chart/v2"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// noteOlderCRDs compares the CRDs in the cluster with those of the chart base from the same
// location as the chart istiod. CRDs are shared by all revisions, so an install does not change
// them. A note names those older than the new istiod: it does not get fields that they drop.
func (i HelmInstaller) noteOlderCRDs(ctx context.Context, d *Draft) error {
	wanted, err := i.baseCRDs(ctx, d.ChartVersion)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		d.Notes = append(d.Notes, fmt.Sprintf("the CRDs in the cluster could not be compared with those of Istio %s: %v", d.Version, err))
		return nil
	}
	live, err := getObjects(ctx, i.reader(), wanted)
	if err != nil {
		return err
	}
	var older []string
	for n, o := range wanted {
		if live[n] == nil {
			older = append(older, o.GetName()+" (missing)")
		} else if lacks := missingFrom(crdFields(o), crdFields(live[n])); len(lacks) > 0 {
			older = append(older, fmt.Sprintf("%s (lacks %s)", o.GetName(), firstAndCount(lacks)))
		}
	}
	if len(older) > 0 {
		d.Notes = append(d.Notes, fmt.Sprintf("the CRDs are older than Istio %s and are not changed, since all revisions share them: "+
			"%s; --upgrade-base first upgrades them with chart base %s",
			d.Version, strings.Join(older, ", "), d.ChartVersion))
	}
	return nil
}

// chartCRDs returns the objects in the folders crds of a chart and its dependencies. Istio's own charts have
// none since 1.24.
func (i HelmInstaller) chartCRDs(c *chart.Chart) ([]*unstructured.Unstructured, error) {
	var content []byte
	for _, crd := range c.CRDObjects() {
		content = append(append(content, "\n---\n"...), crd.File.Data...)
	}
	return i.manifestObjects(string(content))
}

// draftChartCRDs adds what Helm creates from the folders crds: what does not exist yet. Helm never changes
// the rest.
func (i HelmInstaller) draftChartCRDs(ctx context.Context, d *Draft, c *chart.Chart) error {
	crds, err := i.chartCRDs(c)
	if err != nil {
		return err
	}
	live, err := getObjects(ctx, i.reader(), crds)
	if err != nil {
		return err
	}
	for n, o := range crds {
		if live[n] == nil {
			d.Created = append(d.Created, describeObject(o, nil))
			d.Permissions = append(d.Permissions, i.reader().permission("create", o.GroupVersionKind(), objectOf(o).Namespace))
		}
	}
	sortObjects(d.Created)
	d.Permissions = dedupe(d.Permissions)
	return nil
}

// baseCRDs returns the CRDs in the chart base of a version.
func (i HelmInstaller) baseCRDs(ctx context.Context, version string) ([]*unstructured.Unstructured, error) {
	place, ok := i.Chart.siblingChart("base", version)
	if !ok {
		return nil, fmt.Errorf("chart %s is not named istiod, so the matching chart base is unknown", i.Chart)
	}
	base, err := place.load(ctx, "")
	if err != nil {
		return nil, err
	}
	var content []byte
	for _, f := range base.Files { // since Istio 1.24; before that, Helm's crds folder
		if strings.HasPrefix(path.Base(f.Name), "crd-") {
			content = append(append(content, "\n---\n"...), f.Data...)
		}
	}
	objects, err := i.manifestObjects(string(content))
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(objects, func(o *unstructured.Unstructured) bool { return o.GetKind() != crdKind.Kind }), nil
}

// crdFields returns the sorted paths in a CRD's schemas, by version.
func crdFields(definition *unstructured.Unstructured) []string {
	var paths []string
	versions, _, _ := unstructured.NestedSlice(definition.Object, "spec", "versions")
	for _, v := range versions {
		version, _ := v.(map[string]any)
		schema, _, _ := unstructured.NestedMap(version, "schema", "openAPIV3Schema")
		name := nestedString(version, "name")
		paths = append(paths, name)
		collectProperties(schema, name, &paths)
	}
	slices.Sort(paths)
	return paths
}

func collectProperties(schema map[string]any, path string, paths *[]string) {
	known, _ := schema["properties"].(map[string]any)
	for name, s := range known {
		*paths = append(*paths, path+"."+name)
		inner, _ := s.(map[string]any)
		collectProperties(inner, path+"."+name, paths)
	}
	for _, key := range []string{"items", "additionalProperties"} {
		if inner, ok := schema[key].(map[string]any); ok {
			collectProperties(inner, path, paths)
		}
	}
}

// missingFrom returns the paths of wanted that are not in present (sorted).
func missingFrom(wanted, there []string) []string {
	return slices.DeleteFunc(wanted, func(p string) bool {
		_, found := slices.BinarySearch(there, p)
		return found
	})
}

// firstAndCount returns the first path and how many more there are.
func firstAndCount(paths []string) string {
	if len(paths) == 1 {
		return paths[0]
	}
	return fmt.Sprintf("%s and %d more", paths[0], len(paths)-1)
}
