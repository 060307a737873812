// SPDX-License-Identifier: Apache-2.0

package install

import (
	"context"
	"errors"
	"fmt"
	"time"

	chart "helm.sh/helm/v4/pkg/chart/v2"
	"helm.sh/helm/v4/pkg/release/common"
	release "helm.sh/helm/v4/pkg/release/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/version"
)

// base is an upgrade of the chart base: the CRDs of every revision, and the
// default validator.
type base struct {
	release *release.Release // as it is
	chart   *chart.Chart
	values  map[string]any
}

// judgeBase prepares the upgrade of the chart base where it is asked for, and
// says what it replaces; nil where there is nothing to upgrade. CRDs are never
// downgraded.
func (i ByHelm) judgeBase(ctx context.Context, d *Draft) (*base, error) {
	if !i.Chart.Base {
		return nil, nil
	}
	place, ok := i.Chart.sibling("base", d.ChartVersion)
	if !ok {
		return nil, fmt.Errorf("upgrade the chart base: %s is not called istiod, so that the chart base beside it is not known: upgrade it yourself, and leave --upgrade-base out", i.Chart)
	}
	found, err := place.load(ctx, "")
	if err != nil {
		return nil, err
	}
	r, deployed, err := i.baseRelease(ctx, d.ChartVersion)
	if err != nil {
		return nil, fmt.Errorf("upgrade the chart base: %w", err)
	}
	if now, done := settled(r, deployed, d.ChartVersion); done {
		d.Notes = append(d.Notes, fmt.Sprintf("Helm release %s/%s, the chart base, is of version %s already: it is left alone", r.Namespace, r.Name, now))
		return nil, nil
	}
	b := &base{release: r, chart: found}
	if b.values, err = i.baseValues(ctx, r); err != nil {
		return nil, fmt.Errorf("upgrade the chart base: %w", err)
	}
	return b, i.judgeBaseManifest(ctx, d, b)
}

// settled reports whether the chart base has nothing to gain from an upgrade, and
// of which version it is: the wanted one is deployed, or a newer one was ever
// begun. An upgrade that was broken off or failed has not come to its end,
// whatever version it bears.
func settled(last, deployed *release.Release, wanted string) (string, bool) {
	for _, r := range []*release.Release{last, deployed} {
		if r != nil && olderThan(wanted, r.Chart.Metadata.Version) {
			return r.Chart.Metadata.Version, true
		}
	}
	now := last.Chart.Metadata.Version
	return now, last.Info.Status == common.StatusDeployed && !olderThan(now, wanted)
}

// baseRelease is the release that owns the CRDs: its last version, and the one
// that was deployed last, which is nil when none is.
func (i ByHelm) baseRelease(ctx context.Context, version string) (r, deployed *release.Release, err error) {
	wanted, err := i.definitions(ctx, version)
	if err != nil {
		return nil, nil, err
	}
	live, err := lookUp(ctx, i.Cluster, wanted)
	if err != nil {
		return nil, nil, err
	}
	for _, o := range live {
		if o == nil || o.GetAnnotations()[releaseAnnotation] == "" {
			continue
		}
		helm, err := i.helm(o.GetAnnotations()[releaseNamespaceAnnotation])
		if err != nil {
			return nil, nil, err
		}
		r, err := last(helm, o.GetAnnotations()[releaseAnnotation])
		switch {
		case err != nil:
			return nil, nil, err
		case r == nil:
		case unfinished(r) && r.Labels[ownLabel] == "":
			return nil, nil, fmt.Errorf("Helm release %s/%s is %s since %s, by other hands: wait until they are done; or, if no helm runs any more, `helm rollback %s -n %s`, or leave --upgrade-base out", r.Namespace, r.Name, r.Info.Status, r.Info.LastDeployed.UTC().Format(time.RFC3339), r.Name, r.Namespace)
		default:
			deployed, err := lastDeployed(helm, r.Name)
			return r, deployed, err
		}
	}
	return nil, nil, errors.New("the CRDs in the cluster are of no Helm release (istioctl, or kubectl, put them there): upgrade them in the same way, and leave --upgrade-base out")
}

// baseValues are those that the release was given, with the default revision as
// it is in the cluster: the chart's own, or one that is out of date, would point
// the default validator to an istiod that is not there, or not the default.
func (i ByHelm) baseValues(ctx context.Context, r *release.Release) (map[string]any, error) {
	values, err := exact(r.Config)
	if err != nil {
		return nil, err
	}
	validator := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration", "metadata": map[string]any{"name": defaultValidator}}}
	live, err := lookUp(ctx, i.Cluster, []*unstructured.Unstructured{validator})
	if err != nil {
		return nil, err
	}
	before, err := i.objects(r.Manifest)
	if err != nil {
		return nil, err
	}
	values["defaultRevision"] = ""
	if live[0] != nil && (contains(before, validator) || ofRelease(live[0], r)) {
		values["defaultRevision"] = live[0].GetLabels()[revisionLabel]
	}
	return values, nil
}

// defaultValidator admits the configuration of who names no revision.
const defaultValidator = "istiod-default-validator"

func contains(manifest []*unstructured.Unstructured, o *unstructured.Unstructured) bool {
	for _, other := range manifest {
		if other.GetKind() == o.GetKind() && other.GetName() == o.GetName() {
			return true
		}
	}
	return false
}

func ofRelease(o *unstructured.Unstructured, r *release.Release) bool {
	return o.GetAnnotations()[releaseAnnotation] == r.Name && o.GetAnnotations()[releaseNamespaceAnnotation] == r.Namespace
}

// olderThan compares two versions of a chart; what is no version is no older.
func olderThan(a, b string) bool {
	x, err := version.ParseSemantic(a)
	if err != nil {
		return false
	}
	y, err := version.ParseSemantic(b)
	return err == nil && x.LessThan(y)
}
