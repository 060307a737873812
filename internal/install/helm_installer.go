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

// HelmInstaller installs revisions from the chart istiod, in process, as releases
// istiod-<revision>. Helm applies on the client's side, as Helm 3 did: istiod
// writes into the webhooks itself, and a server-side apply would fight with it.
type HelmInstaller struct {
	Chart          Chart
	RevisionsInUse []string          // the revisions in use: of the only one the values are carried over
	Root           string            // the namespace of istiod and of the release
	Config         *rest.Config      // how Helm reaches the cluster
	Cluster        dynamic.Interface // only read from; nil drafts without looking at a cluster
	Timeout        time.Duration     // how long the control plane may take to be ready; 0 means 5 minutes
	Log            func(line string) // hears what is done; may be nil
}

// ReleaseName is the name of the Helm release that a revision is.
func ReleaseName(revision string) string { return "istiod-" + revision }

// Draft checks everything that can be known beforehand, and says what an install
// would do. version may be "": then it is the chart's own.
func (i HelmInstaller) Draft(ctx context.Context, revision, version string) (Draft, error) {
	d, _, err := i.draft(ctx, revision, version)
	return d, err
}

// helmTask is what Helm is given to do.
type helmTask struct {
	chart  *chart.Chart
	values map[string]any
	base   *baseUpgrade // to be upgraded first; nil is not
}

// draft is Draft, with what Helm is then given to do.
func (i HelmInstaller) draft(ctx context.Context, revision, version string) (Draft, helmTask, error) {
	fail := func(err error) (Draft, helmTask, error) { return Draft{}, helmTask{}, err }
	if err := ValidateRevisionName(revision); err != nil {
		return fail(err)
	}
	istiod, err := i.Chart.load(ctx, version)
	if err != nil {
		return fail(err)
	}
	d := Draft{Revision: revision, Version: chartVersion(version, istiod, revision), Namespace: i.Root,
		By: fmt.Sprintf("Helm, chart %s %s, as release %s", istiod.Name(), istiod.Metadata.Version, ReleaseName(revision)), ChartVersion: istiod.Metadata.Version}
	if app := istiod.AppVersion(); app != "" && versionPattern.MatchString(normalizeVersion(app)) && !SameVersion(app, d.Version) {
		return fail(fmt.Errorf("chart %s %s installs Istio %s, but the plan installs %s: name the chart of %s with --chart-version, or ask for version %s",
			i.Chart, istiod.Metadata.Version, app, d.Version, d.Version, app))
	}
	if err := i.inheritValues(ctx, &d); err != nil {
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
	t := helmTask{chart: istiod, values: values}
	err = i.checkManifest(ctx, &d, &t)
	return d, t, err
}

// checkManifest renders the chart and looks at what it would meet in the cluster.
func (i HelmInstaller) checkManifest(ctx context.Context, d *Draft, t *helmTask) error {
	manifest, err := i.renderRelease(ctx, t.chart, t.values, ReleaseName(d.Revision))
	if err != nil {
		return err
	}
	if err := d.readManifest(manifest, "chart "+i.Chart.String()); err != nil {
		return err
	}
	d.Permissions = i.permissions(manifest)
	if err := refuseExtraObjects(manifest); err != nil {
		return err
	}
	if i.Cluster == nil {
		return nil
	}
	if err := i.checkOwnership(ctx, d.Revision, manifest); err != nil {
		return err
	}
	if err := d.compareWithCluster(ctx, i.Cluster, manifest); err != nil {
		return err
	}
	if err := i.checkRelease(d); err != nil {
		return err
	}
	if t.base, err = i.draftBaseUpgrade(ctx, d); err != nil || i.Chart.UpgradeBase {
		return err
	}
	return i.noteOlderCRDs(ctx, d)
}

// chartVersion is the Istio version that a plan names: the one that was asked
// for, else the chart's, else the one that the revision's name spells.
func chartVersion(asked string, istiod *chart.Chart, revision string) string {
	own, _ := versionFromTag(istiod.AppVersion())
	if !versionPattern.MatchString(own) {
		own = ""
	}
	named, _ := VersionFromRevision(revision)
	return normalizeVersion(cmp.Or(asked, own, named))
}

// Install puts the revision in: everything that Draft checks is checked again,
// then Helm installs, and the control plane is waited for. An error of Helm is a
// *Failure. Repeating it repeats the whole: a release that a dead process left
// behind is taken up again, one that is done is upgraded to the same.
func (i HelmInstaller) Install(ctx context.Context, revision, version string) error {
	d, t, err := i.draft(ctx, revision, version)
	if err != nil {
		return err
	}
	if t.base != nil {
		err = i.upgradeBase(ctx, t.base, revision)
	}
	if err == nil {
		i.log(fmt.Sprintf("Helm installs chart %s %s as release %s in namespace %s", t.chart.Name(), d.ChartVersion, ReleaseName(revision), i.Root))
		err = i.apply(ctx, d, t.chart, t.values)
	}
	if err == nil {
		err = readinessWait{cluster: i.Cluster, root: i.Root, revision: revision, timeout: i.Timeout, log: i.Log}.wait(ctx)
	}
	if err == nil {
		return nil
	}
	return &Failure{Revision: revision, Action: "Helm, chart " + i.Chart.String() + " " + d.ChartVersion, Err: err, RemoveCommand: i.uninstallCommand(revision)}
}

func (i HelmInstaller) log(line string) {
	if i.Log != nil {
		i.Log(line)
	}
}

// apply has Helm write, whatever there is of the release already.
func (i HelmInstaller) apply(ctx context.Context, d Draft, istiod *chart.Chart, values map[string]any) error {
	helm, err := i.actionConfig(i.Root)
	if err != nil {
		return err
	}
	r, err := latestRelease(helm, ReleaseName(d.Revision))
	if err != nil {
		return err
	}
	if r != nil && isPending(r) {
		// Its process is dead: this one holds the Lease.
		i.log(fmt.Sprintf("Helm release %s was left %s by a process that died: it is installed again", r.Name, r.Info.Status))
		r.SetStatus(common.StatusFailed, "broken off; installed again by rerig")
		if err := helm.Releases.Update(r); err != nil {
			return fmt.Errorf("take up Helm release %s: %w", r.Name, err)
		}
	}
	if r != nil && r.Info.Status == common.StatusDeployed || wasDeployed(helm, r != nil, d.Revision) {
		return i.upgradeRelease(ctx, helm, d, istiod, values)
	}
	install := action.NewInstall(helm)
	install.ReleaseName, install.Namespace, install.Timeout = ReleaseName(d.Revision), i.Root, i.Timeout
	install.ServerSideApply, install.WaitStrategy, install.Labels = false, kube.HookOnlyStrategy, i.releaseLabels(d)
	install.Replace = r != nil
	_, err = install.RunWithContext(ctx, istiod, values)
	return err
}

// upgradeRelease upgrades a release that was deployed once: Helm then knows what it owns.
func (i HelmInstaller) upgradeRelease(ctx context.Context, helm *action.Configuration, d Draft, istiod *chart.Chart, values map[string]any) error {
	upgrade := action.NewUpgrade(helm)
	upgrade.Namespace, upgrade.Timeout, upgrade.ResetValues = i.Root, i.Timeout, true
	upgrade.ServerSideApply, upgrade.WaitStrategy, upgrade.Labels = "false", kube.HookOnlyStrategy, i.releaseLabels(d)
	_, err := upgrade.RunWithContext(ctx, ReleaseName(d.Revision), istiod, values)
	return err
}

func wasDeployed(helm *action.Configuration, there bool, revision string) bool {
	if !there {
		return false
	}
	_, err := helm.Releases.Deployed(ReleaseName(revision))
	return err == nil
}

func (i HelmInstaller) releaseLabels(d Draft) map[string]string {
	return map[string]string{releaseRevisionLabel: d.Revision}
}
