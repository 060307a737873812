// SPDX-License-Identifier: Apache-2.0

package install

import (
	"cmp"
	"context"
	"fmt"
	"time"

	chart "helm.sh/helm/v4/pkg/chart/v2"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/yaml"
)

// ByHelm installs revisions from the chart istiod, in process, as releases
// istiod-<revision>. Helm applies on the client's side, as Helm 3 did: istiod
// writes into the webhooks itself, and a server-side apply would fight with it.
type ByHelm struct {
	Chart   Chart
	Serving []string          // the revisions in use: of the only one the values are carried over
	Root    string            // the namespace of istiod and of the release
	Config  *rest.Config      // how Helm reaches the cluster
	Cluster dynamic.Interface // only read from; nil drafts without looking at a cluster
	Timeout time.Duration     // how long the control plane may take to be ready; 0 means 5 minutes
	Say     func(line string) // hears what is done; may be nil
}

// ReleaseName is the name of the Helm release that a revision is.
func ReleaseName(revision string) string { return "istiod-" + revision }

// Draft checks everything that can be known beforehand, and says what an install
// would do. version may be "": then it is the chart's own.
func (i ByHelm) Draft(ctx context.Context, revision, version string) (Draft, error) {
	d, _, err := i.draft(ctx, revision, version)
	return d, err
}

// task is what Helm is given to do.
type task struct {
	chart  *chart.Chart
	values map[string]any
	base   *base // to be upgraded first; nil is not
}

// draft is Draft, with what Helm is then given to do.
func (i ByHelm) draft(ctx context.Context, revision, version string) (Draft, task, error) {
	fail := func(err error) (Draft, task, error) { return Draft{}, task{}, err }
	if err := CheckRevision(revision); err != nil {
		return fail(err)
	}
	istiod, err := i.Chart.load(ctx, version)
	if err != nil {
		return fail(err)
	}
	d := Draft{Revision: revision, Version: chartVersion(version, istiod, revision), Namespace: i.Root,
		By: fmt.Sprintf("Helm, chart %s %s, as release %s", istiod.Name(), istiod.Metadata.Version, ReleaseName(revision)), ChartVersion: istiod.Metadata.Version}
	if app := istiod.AppVersion(); app != "" && versioned.MatchString(plain(app)) && !SameVersion(app, d.Version) {
		return fail(fmt.Errorf("chart %s %s installs Istio %s, but the plan installs %s: name the chart of %s with --chart-version, or ask for version %s",
			i.Chart, istiod.Metadata.Version, app, d.Version, d.Version, app))
	}
	if err := i.carry(ctx, &d); err != nil {
		return fail(err)
	}
	values, err := i.values(d)
	if err != nil {
		return fail(err)
	}
	content, err := yaml.Marshal(values)
	if err != nil {
		return fail(fmt.Errorf("write the values: %w", err))
	}
	d.File = string(content)
	t := task{chart: istiod, values: values}
	err = i.judge(ctx, &d, &t)
	return d, t, err
}

// judge renders the chart and looks at what it would meet in the cluster.
func (i ByHelm) judge(ctx context.Context, d *Draft, t *task) error {
	manifest, err := i.renderAs(ctx, t.chart, t.values, ReleaseName(d.Revision))
	if err != nil {
		return err
	}
	if err := d.readManifest(manifest, "chart "+i.Chart.String()); err != nil {
		return err
	}
	d.Needs = i.needs(manifest)
	if err := onlyIstiod(manifest); err != nil {
		return err
	}
	if i.Cluster == nil {
		return nil
	}
	if err := i.owned(ctx, d.Revision, manifest); err != nil {
		return err
	}
	if err := d.compare(ctx, i.Cluster, manifest); err != nil {
		return err
	}
	if err := i.judgeRelease(d); err != nil {
		return err
	}
	if t.base, err = i.judgeBase(ctx, d); err != nil || i.Chart.Base {
		return err
	}
	return i.judgeDefinitions(ctx, d)
}

// chartVersion is the Istio version that a plan names: the one that was asked
// for, else the chart's, else the one that the revision's name spells.
func chartVersion(asked string, istiod *chart.Chart, revision string) string {
	own, _ := versionInTag(istiod.AppVersion())
	if !versioned.MatchString(own) {
		own = ""
	}
	named, _ := VersionIn(revision)
	return plain(cmp.Or(asked, own, named))
}
