// SPDX-License-Identifier: Apache-2.0

package install

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// noteOlderCRDs compares the CRDs in the cluster with those of the chart
// base, from the same place as the chart istiod. They are of every revision, so
// that installing one leaves them alone; older ones than the new istiod's are
// said, for it does not see what they do not let in.
func (i HelmInstaller) noteOlderCRDs(ctx context.Context, d *Draft) error {
	wanted, err := i.baseCRDs(ctx, d.ChartVersion)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		d.Notes = append(d.Notes, fmt.Sprintf("whether the CRDs in the cluster are those of Istio %s is not known: %v", d.Version, err))
		return nil
	}
	live, err := getObjects(ctx, i.Cluster, wanted)
	if err != nil {
		return err
	}
	var older []string
	for n, o := range wanted {
		if live[n] == nil {
			older = append(older, o.GetName()+" (not there)")
		} else if lacks := missingFrom(crdFields(o), crdFields(live[n])); len(lacks) > 0 {
			older = append(older, fmt.Sprintf("%s (lacks %s)", o.GetName(), firstAndCount(lacks)))
		}
	}
	if len(older) > 0 {
		d.Notes = append(d.Notes, fmt.Sprintf("the CRDs are older than Istio %s and are left alone, for they are of every revision: %s; to upgrade them first: chart base %s (--upgrade-base), with its defaultRevision kept as it is",
			d.Version, strings.Join(older, ", "), d.ChartVersion))
	}
	return nil
}

// baseCRDs are the CRDs in the chart base of a version.
func (i HelmInstaller) baseCRDs(ctx context.Context, version string) ([]*unstructured.Unstructured, error) {
	place, ok := i.Chart.siblingChart("base", version)
	if !ok {
		return nil, fmt.Errorf("chart %s is not called istiod, so that its chart base is not known", i.Chart)
	}
	base, err := place.load(ctx, "")
	if err != nil {
		return nil, err
	}
	var content []byte
	for _, f := range base.Files { // since Istio 1.24; before, Helm's own folder crds
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

// crdFields are the paths that a CRD's schemas know, by version.
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

// missingFrom are the paths of wanted that are not among there.
func missingFrom(wanted, there []string) []string {
	return slices.DeleteFunc(wanted, func(p string) bool {
		_, found := slices.BinarySearch(there, p)
		return found
	})
}

// firstAndCount is the first of some paths, and how many more there are.
func firstAndCount(paths []string) string {
	if len(paths) == 1 {
		return paths[0]
	}
	return fmt.Sprintf("%s and %d more", paths[0], len(paths)-1)
}
