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

// baseUpgrade is an upgrade of the chart base, which holds the CRDs of every revision and the
// default validator.
type baseUpgrade struct {
	release  *release.Release // the current release
	chart    *chart.Chart
	values   map[string]any
	manifest []*unstructured.Unstructured
}

// draftBaseUpgrade prepares the upgrade of the chart base and notes what it replaces. It returns
// nil if none is needed. CRDs are never downgraded.
func (i HelmInstaller) draftBaseUpgrade(ctx context.Context, d *Draft) (*baseUpgrade, error) {
	place, ok := i.Chart.siblingChart("base", d.ChartVersion)
	if !ok {
		return nil, fmt.Errorf("upgrade the chart base: chart %s is not named istiod, so the matching chart base is unknown. "+
			"Upgrade it yourself and omit --upgrade-base", i.Chart)
	}
	found, err := place.load(ctx, "")
	if err != nil {
		return nil, err
	}
	r, deployed, err := i.findBaseRelease(ctx, d.ChartVersion)
	if err != nil {
		return nil, fmt.Errorf("upgrade the chart base: %w", err)
	}
	now, done := baseUpToDate(r, deployed, d.ChartVersion)
	if done {
		d.Notes = append(d.Notes, fmt.Sprintf("Helm release %s/%s (chart base) has version %s already and is not changed",
			r.Namespace, r.Name, now))
	}
	if done && now != d.ChartVersion {
		return nil, nil
	}
	b := &baseUpgrade{release: r, chart: found}
	if b.values, err = i.baseValues(ctx, r); err != nil {
		return nil, fmt.Errorf("upgrade the chart base: %w", err)
	}
	if b.manifest, err = i.inNamespace(r.Namespace).renderRelease(ctx, b.chart, b.values, r.Name); err != nil {
		return nil, err
	}
	// An install that was interrupted after the upgrade has the same digest as before it.
	d.Rendered += "+" + manifestDigest(b.manifest)
	if done {
		return nil, nil
	}
	return b, i.draftBaseManifest(ctx, d, b)
}

// inNamespace returns the installer of a release in a namespace.
func (i HelmInstaller) inNamespace(namespace string) HelmInstaller {
	i.Root = namespace
	return i
}

// baseUpToDate reports whether the release of the chart base needs no upgrade, and its version: the
// wanted version is deployed, or an upgrade to a newer one was started. An interrupted or failed
// upgrade to the wanted version is repeated.
func baseUpToDate(last, deployed *release.Release, wanted string) (string, bool) {
	for _, r := range []*release.Release{last, deployed} {
		if r != nil && olderThan(wanted, r.Chart.Metadata.Version) {
			return r.Chart.Metadata.Version, true
		}
	}
	now := last.Chart.Metadata.Version
	return now, last.Info.Status == common.StatusDeployed && !olderThan(now, wanted)
}

// findBaseRelease returns the latest version of the release that owns the CRDs, and the version
// deployed last (nil if none).
func (i HelmInstaller) findBaseRelease(ctx context.Context, version string) (r, deployed *release.Release, err error) {
	wanted, err := i.baseCRDs(ctx, version)
	if err != nil {
		return nil, nil, err
	}
	live, err := getObjects(ctx, i.reader(), wanted)
	if err != nil {
		return nil, nil, err
	}
	for _, o := range live {
		if o == nil || o.GetAnnotations()[releaseAnnotation] == "" {
			continue
		}
		helm, err := i.actionConfig(o.GetAnnotations()[releaseNamespaceAnnotation])
		if err != nil {
			return nil, nil, err
		}
		r, err := latestRelease(helm, o.GetAnnotations()[releaseAnnotation])
		switch {
		case err != nil:
			return nil, nil, err
		case r == nil:
		case isPending(r) && r.Labels[releaseRevisionLabel] == "":
			return nil, nil, fmt.Errorf("Helm release %s/%s is %s since %s, and Rerig did not start that. "+
				"Wait until it is done; if no helm process runs any more, run `helm rollback %s -n %s`, or omit --upgrade-base",
				r.Namespace, r.Name, r.Info.Status, r.Info.LastDeployed.UTC().Format(time.RFC3339), r.Name, r.Namespace)
		default:
			deployed, err := deployedRelease(helm, r.Name)
			return r, deployed, err
		}
	}
	return nil, nil, errors.New("the CRDs in the cluster are not owned by a Helm release (istioctl or kubectl created them). " +
		"Upgrade them with the same tool and omit --upgrade-base")
}

// baseValues returns the values of the existing release, with defaultRevision as it is in the
// cluster. The chart's default, or an outdated value, would point the default validator to an
// istiod that does not exist or is not the default.
func (i HelmInstaller) baseValues(ctx context.Context, r *release.Release) (map[string]any, error) {
	values, err := withExactNumbers(r.Config)
	if err != nil {
		return nil, err
	}
	validator := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration",
		"metadata": map[string]any{"name": defaultValidator},
	}}
	live, err := getObjects(ctx, i.reader(), []*unstructured.Unstructured{validator})
	if err != nil {
		return nil, err
	}
	before, err := i.manifestObjects(r.Manifest)
	if err != nil {
		return nil, err
	}
	values["defaultRevision"] = ""
	if live[0] != nil && (manifestContains(before, validator) || isOwnedBy(live[0], r)) {
		values["defaultRevision"] = live[0].GetLabels()[revisionLabel]
	}
	return values, nil
}

// defaultValidator is the webhook that validates configuration without a revision.
const defaultValidator = "istiod-default-validator"

func manifestContains(manifest []*unstructured.Unstructured, o *unstructured.Unstructured) bool {
	for _, other := range manifest {
		if other.GetKind() == o.GetKind() && other.GetName() == o.GetName() {
			return true
		}
	}
	return false
}

func isOwnedBy(o *unstructured.Unstructured, r *release.Release) bool {
	return o.GetAnnotations()[releaseAnnotation] == r.Name && o.GetAnnotations()[releaseNamespaceAnnotation] == r.Namespace
}

// olderThan reports whether chart version a is older than b. A string that is no version is not
// older.
func olderThan(a, b string) bool {
	x, err := version.ParseSemantic(a)
	if err != nil {
		return false
	}
	y, err := version.ParseSemantic(b)
	return err == nil && x.LessThan(y)
}
