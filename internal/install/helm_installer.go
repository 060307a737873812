// SPDX-License-Identifier: Apache-2.0

package install

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"helm.sh/helm/v4/pkg/action"
	chart "helm.sh/helm/v4/pkg/chart/v2"
	"helm.sh/helm/v4/pkg/kube"
	"helm.sh/helm/v4/pkg/release/common"
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

// Install puts the revision in: everything that Draft checks is checked again,
// then Helm installs, and the control plane is waited for. An error of Helm is a
// *Failure. Repeating it repeats the whole: a release that a dead process left
// behind is taken up again, one that is done is upgraded to the same.
func (i ByHelm) Install(ctx context.Context, revision, version string) error {
	d, t, err := i.draft(ctx, revision, version)
	if err != nil {
		return err
	}
	if t.base != nil {
		err = i.upgradeBase(ctx, t.base, revision)
	}
	if err == nil {
		i.say(fmt.Sprintf("Helm installs chart %s %s as release %s in namespace %s", t.chart.Name(), d.ChartVersion, ReleaseName(revision), i.Root))
		err = i.apply(ctx, d, t.chart, t.values)
	}
	if err == nil {
		err = waiting{cluster: i.Cluster, root: i.Root, revision: revision, timeout: i.Timeout, say: i.Say}.wait(ctx)
	}
	if err == nil {
		return nil
	}
	return &Failure{Revision: revision, Did: "Helm, chart " + i.Chart.String() + " " + d.ChartVersion, Err: err, Undo: i.undo(revision)}
}

func (i ByHelm) say(line string) {
	if i.Say != nil {
		i.Say(line)
	}
}

// apply has Helm write, whatever there is of the release already.
func (i ByHelm) apply(ctx context.Context, d Draft, istiod *chart.Chart, values map[string]any) error {
	helm, err := i.helm(i.Root)
	if err != nil {
		return err
	}
	r, err := last(helm, ReleaseName(d.Revision))
	if err != nil {
		return err
	}
	if r != nil && unfinished(r) {
		// Its process is dead: this one holds the Lease.
		i.say(fmt.Sprintf("Helm release %s was left %s by a process that died: it is installed again", r.Name, r.Info.Status))
		r.SetStatus(common.StatusFailed, "broken off; installed again by rerig")
		if err := helm.Releases.Update(r); err != nil {
			return fmt.Errorf("take up Helm release %s: %w", r.Name, err)
		}
	}
	if r != nil && r.Info.Status == common.StatusDeployed || deployedBefore(helm, r != nil, d.Revision) {
		return i.again(ctx, helm, d, istiod, values)
	}
	install := action.NewInstall(helm)
	install.ReleaseName, install.Namespace, install.Timeout = ReleaseName(d.Revision), i.Root, i.Timeout
	install.ServerSideApply, install.WaitStrategy, install.Labels = false, kube.HookOnlyStrategy, i.labels(d)
	install.Replace = r != nil
	_, err = install.RunWithContext(ctx, istiod, values)
	return err
}

// again upgrades a release that was deployed once: Helm then knows what it owns.
func (i ByHelm) again(ctx context.Context, helm *action.Configuration, d Draft, istiod *chart.Chart, values map[string]any) error {
	upgrade := action.NewUpgrade(helm)
	upgrade.Namespace, upgrade.Timeout, upgrade.ResetValues = i.Root, i.Timeout, true
	upgrade.ServerSideApply, upgrade.WaitStrategy, upgrade.Labels = "false", kube.HookOnlyStrategy, i.labels(d)
	_, err := upgrade.RunWithContext(ctx, ReleaseName(d.Revision), istiod, values)
	return err
}

func deployedBefore(helm *action.Configuration, there bool, revision string) bool {
	if !there {
		return false
	}
	_, err := helm.Releases.Deployed(ReleaseName(revision))
	return err == nil
}

func (i ByHelm) labels(d Draft) map[string]string { return map[string]string{ownLabel: d.Revision} }
