// SPDX-License-Identifier: Apache-2.0

package install

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"helm.sh/helm/v4/pkg/chart/v2/loader"
	"helm.sh/helm/v4/pkg/release/common"
	release "helm.sh/helm/v4/pkg/release/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/json"
)

// InheritedValues are the values of an old revision that a new one is given too.
type InheritedValues struct {
	From   string         // where they are stored, for people
	Values map[string]any // without those bound to the old revision
}

// InheritNone inherits no values.
const InheritNone = "none"

var configMapResource = schema.GroupVersionResource{Version: "v1", Resource: "configmaps"}

// inheritValues sets d.Inherited to the values of the revision being replaced. It reads them from the
// revision's Helm release, or else from the ConfigMap in which Istio's chart stores them (istioctl
// installs have it too, since Istio 1.26).
//
// t is the new chart: what it contains itself is not inherited.
func (i HelmInstaller) inheritValues(ctx context.Context, d *Draft, t helmTask) error {
	if i.Chart.Inherited != nil || i.Chart.InheritFrom == InheritNone || i.Cluster == nil {
		d.Inherited = i.Chart.Inherited
		return nil
	}
	old := i.Chart.InheritFrom
	if old == "" {
		others := slices.DeleteFunc(slices.Clone(i.RevisionsInUse), func(r string) bool { return r == d.Revision })
		switch len(others) {
		case 0:
			return nil
		case 1:
			old = others[0]
		default:
			return fmt.Errorf("inherit values: several revisions are in use (%s). "+
				"Name the one to inherit from with --inherit REVISION, or give --inherit %s",
				strings.Join(others, ", "), InheritNone)
		}
	}
	found, err := i.recoverValues(ctx, d, t, old)
	switch {
	case err != nil:
		return fmt.Errorf("inherit the values of revision %s: %w", old, err)
	case found == nil && i.Chart.InheritFrom != "": // requested by name
		return fmt.Errorf("inherit the values of revision %s: there are none (no Helm release, no ConfigMap %s). "+
			"Revisions in use: %s. Correct --inherit, or use only the chart's values and yours with --inherit %s",
			old, valuesConfigMapName(old), cmp.Or(strings.Join(i.RevisionsInUse, ", "), "no revision"), InheritNone)
	case found == nil:
		d.Notes = append(d.Notes, fmt.Sprintf("revision %s has no stored values (no Helm release, no ConfigMap %s): "+
			"only the chart's values and yours are used",
			old, valuesConfigMapName(old)))
		return nil
	}
	left := found.dropRevisionBound(old, i.Root)
	if len(left) > 0 {
		d.Notes = append(d.Notes, "not inherited: "+strings.Join(left, ", "))
	}
	for _, path := range pathsMentioning(found.Values, "", istiodServiceName(old), i.Root) {
		d.Notes = append(d.Notes, fmt.Sprintf("inherited value %s mentions %s, the istiod of revision %s: "+
			"override it with --values if the new revision must not use the old istiod",
			path, istiodServiceName(old), old))
	}
	d.Inherited = found
	return nil
}

// recoverValues returns the values of a revision, nil if none are stored.
func (i HelmInstaller) recoverValues(ctx context.Context, d *Draft, t helmTask, revision string) (*InheritedValues, error) {
	own := metav1.ListOptions{LabelSelector: "app=istiod," + revisionLabel + "=" + revision}
	istiods, err := i.Cluster.Resource(deploymentResource).Namespace(i.Root).List(ctx, own)
	if err != nil {
		return nil, fmt.Errorf("list its istiod Deployments: %w", err)
	}
	for _, o := range istiods.Items {
		name, namespace := o.GetAnnotations()[releaseAnnotation], o.GetAnnotations()[releaseNamespaceAnnotation]
		if name == "" {
			continue
		}
		found, err := i.valuesFromRelease(d, t, revision, name, namespace)
		if found != nil || err != nil && !apierrors.IsForbidden(err) {
			return found, err
		}
	}
	return i.valuesFromConfigMap(ctx, revision)
}

// valuesFromRelease returns the values of the release version that was deployed last. Values of a
// later upgrade that failed or is unfinished may not be in use, which a note reports. It returns nil if
// the chart of the release does not tell where it has the values of istiod.
func (i HelmInstaller) valuesFromRelease(d *Draft, t helmTask, revision, name, namespace string) (*InheritedValues, error) {
	helm, err := i.actionConfig(namespace)
	if err != nil {
		return nil, err
	}
	newest, err := latestRelease(helm, name)
	if err != nil || newest == nil {
		return nil, err
	}
	r, err := deployedRelease(helm, name)
	if err != nil {
		return nil, err
	}
	if r == nil {
		r = newest
	}
	if r.Chart == nil || r.Chart.Metadata == nil {
		return nil, nil
	}
	layout, known := layoutOfRelease(r, revision)
	if !known {
		return nil, nil
	}
	if status := newest.Info.Status; status != common.StatusDeployed {
		d.Notes = append(d.Notes, fmt.Sprintf("version %d of Helm release %s/%s, its newest, is %s: the values of version %d are inherited; "+
			"see the others with `helm get values %s --namespace %s --revision %d`, and give those you need with --values",
			newest.Version, namespace, name, status, r.Version, name, namespace, newest.Version))
	}
	values, err := withExactNumbers(layout.extract(withOwnValues(r, layout, t)))
	from := fmt.Sprintf("Helm release %s/%s", namespace, name)
	if layout.isWrapper() {
		from += fmt.Sprintf(" (chart %s, values of %s)", r.Chart.Name(), strings.Join(layout.keys, "."))
	}
	return &InheritedValues{From: from, Values: values}, err
}

// withOwnValues returns the user's values of a release over those in its chart's own values.yaml, which
// another chart does not have: those that a wrapper sets for istiod, or that were added to a copy of
// Istio's chart. A new chart of the same name brings its own.
func withOwnValues(r *release.Release, layout chartLayout, t helmTask) map[string]any {
	if t.chart != nil && t.chart.Name() == r.Chart.Name() && slices.Equal(t.layout.keys, layout.keys) {
		return r.Config
	}
	own := layout.extract(r.Chart.Values)
	_, marked := own[internalDefaults]
	if !marked && !layout.isWrapper() {
		return r.Config // before Istio 1.24 they are the chart's defaults
	}
	return loader.MergeMaps(r.Chart.Values, r.Config)
}

// valuesFromConfigMap returns the user-supplied values in the ConfigMap that the chart writes,
// without the chart's own.
func (i HelmInstaller) valuesFromConfigMap(ctx context.Context, revision string) (*InheritedValues, error) {
	o, err := i.Cluster.Resource(configMapResource).Namespace(i.Root).Get(ctx, valuesConfigMapName(revision), metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read ConfigMap %s/%s: %w", i.Root, valuesConfigMapName(revision), err)
	}
	content := nestedString(o.Object, "data", "original-values")
	values := map[string]any{}
	if err := json.Unmarshal([]byte(content), &values); err != nil {
		return nil, errors.New("ConfigMap " + valuesConfigMapName(revision) + " has no JSON in original-values. " +
			"Give the values with `--values FILE --inherit none`")
	}
	return &InheritedValues{From: "ConfigMap " + i.Root + "/" + valuesConfigMapName(revision), Values: values}, nil
}

func valuesConfigMapName(revision string) string {
	if revision == defaultRevision {
		return "values"
	}
	return "values-" + revision
}

// withExactNumbers returns the values with integers as int64. Decoded as float64, a chart may
// render them as 1e+06.
func withExactNumbers(values map[string]any) (map[string]any, error) {
	content, err := json.Marshal(values)
	if err != nil {
		return nil, fmt.Errorf("convert the values: %w", err)
	}
	exact := map[string]any{}
	return exact, json.Unmarshal(content, &exact)
}
