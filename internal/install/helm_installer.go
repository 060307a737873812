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
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/yaml"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/sensitive"
)

// HelmInstaller installs revisions from the chart istiod, in process, as releases
// istiod-<revision>. Helm applies on the client side, as Helm 3 does: istiod writes into the
// webhooks itself, and a server-side apply would conflict with it.
type HelmInstaller struct {
	Chart          Chart
	RevisionsInUse []string          // values are inherited if it is only one
	Root           string            // namespace of istiod and of the release
	Config         *rest.Config      // Helm's access to the cluster
	Cluster        dynamic.Interface // read-only; nil drafts without a cluster
	Mapper         meta.RESTMapper   // maps kinds to resources; nil guesses
	Rendered       string            // digest of the manifest that was approved; "" installs any
	Timeout        time.Duration     // for the control plane to be ready; 0 means 5m
	Log            func(line string) // receives progress; may be nil
}

func (i HelmInstaller) reader() clusterReader {
	return clusterReader{client: i.Cluster, mapper: i.Mapper}
}

// ReleaseName returns the name of a revision's Helm release.
func ReleaseName(revision string) string { return "istiod-" + revision }

// Draft checks everything that can be checked beforehand and returns what an install would do. An
// empty version means the chart's own.
func (i HelmInstaller) Draft(ctx context.Context, revision, version string) (Draft, error) {
	d, _, err := i.draft(ctx, revision, version)
	return d, err
}

// helmTask is the input of an install by Helm.
type helmTask struct {
	chart  *chart.Chart
	layout chartLayout
	values map[string]any
	base   *baseUpgrade // nil if the chart base is not upgraded
}

// redactor masks the secret values of the task.
func (t helmTask) redactor() sensitive.Redactor {
	if t.base == nil {
		return sensitive.NewRedactor(t.values)
	}
	return sensitive.NewRedactor(t.values, t.base.values)
}

// draft returns the Draft and the task that it describes. Secret values are masked in the notes and in
// errors.
func (i HelmInstaller) draft(ctx context.Context, revision, version string) (Draft, helmTask, error) {
	d, t, err := i.unmaskedDraft(ctx, revision, version)
	redactor := t.redactor()
	if err != nil {
		return Draft{}, helmTask{}, redactor.Error(err)
	}
	d.maskNotes(redactor)
	return d, t, nil
}

func (i HelmInstaller) unmaskedDraft(ctx context.Context, revision, version string) (Draft, helmTask, error) {
	t := helmTask{values: i.Chart.Values}
	fail := func(err error) (Draft, helmTask, error) { return Draft{}, t, err }
	if err := ValidateRevisionName(revision); err != nil {
		return fail(err)
	}
	found, err := i.Chart.load(ctx, version)
	if err != nil {
		return fail(err)
	}
	t.chart = found
	if t.layout, err = layoutOf(found); err != nil {
		return fail(err)
	}
	d := Draft{Revision: revision, Version: chartVersion(version, t.layout, revision), Namespace: i.Root,
		By:           fmt.Sprintf("Helm, chart %s %s, as release %s", found.Name(), found.Metadata.Version, ReleaseName(revision)),
		ChartVersion: found.Metadata.Version}
	if t.layout.isWrapper() {
		d.By = fmt.Sprintf("Helm, chart %s %s with istiod %s, as release %s",
			found.Name(), found.Metadata.Version, t.layout.metadata.Version, ReleaseName(revision))
	}
	app := t.layout.metadata.AppVersion
	if app != "" && versionPattern.MatchString(mesh.PlainVersion(app)) && !SameVersion(app, d.Version) {
		return fail(fmt.Errorf("chart %s %s installs Istio %s, but the plan installs %s. "+
			"Name the chart of %s with --chart-version, or run with --version %s",
			i.Chart, found.Metadata.Version, app, d.Version, d.Version, app))
	}
	if err := i.inheritValues(ctx, &d, t); err != nil {
		return fail(err)
	}
	values, err := i.values(d, t.layout)
	if err != nil {
		return fail(err)
	}
	t.values = values
	content, err := yaml.Marshal(values)
	if err != nil {
		return fail(fmt.Errorf("marshal the values: %w", err))
	}
	d.File = string(content)
	err = i.checkManifest(ctx, &d, &t)
	return d, t, err
}

// checkManifest renders the chart and compares it with the cluster.
func (i HelmInstaller) checkManifest(ctx context.Context, d *Draft, t *helmTask) error {
	manifest, err := i.renderRelease(ctx, t.chart, t.values, ReleaseName(d.Revision))
	if err != nil {
		return err
	}
	if err := i.setRendered(ctx, d, t, manifest); err != nil {
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
	if err := d.compareWithCluster(ctx, i.reader(), manifest); err != nil {
		return err
	}
	if err := i.draftChartCRDs(ctx, d, t.chart); err != nil {
		return err
	}
	if err := i.checkRelease(d); err != nil {
		return err
	}
	switch {
	case t.layout.isWrapper() && i.Chart.UpgradeBase:
		return fmt.Errorf("upgrade the chart base: chart %s is a wrapper of Istio's chart istiod, so the matching chart base is unknown. "+
			"Upgrade it yourself and omit --upgrade-base", i.Chart)
	case t.layout.isWrapper():
		d.Notes = append(d.Notes, fmt.Sprintf("the CRDs in the cluster could not be compared with those of Istio %s: "+
			"chart %s is a wrapper of Istio's chart istiod, so the matching chart base is unknown", d.Version, i.Chart))
		return nil
	case i.Chart.UpgradeBase:
		t.base, err = i.draftBaseUpgrade(ctx, d)
		return err
	}
	return i.noteOlderCRDs(ctx, d)
}

// chartVersion returns the Istio version of a plan: the requested one, else the chart's, else the
// one in the revision's name.
func chartVersion(asked string, l chartLayout, revision string) string {
	own, _ := versionFromTag(l.metadata.AppVersion)
	if !versionPattern.MatchString(own) {
		own = ""
	}
	named, _ := VersionFromRevision(revision)
	return mesh.PlainVersion(cmp.Or(asked, own, named))
}

// Install installs the revision: it repeats all checks of Draft, installs with Helm, and waits for
// the control plane. An error of Helm is a *Failure. Repeating it repeats the complete install: a
// release that a dead process left pending is resumed, a deployed one is upgraded to the same
// content.
func (i HelmInstaller) Install(ctx context.Context, revision, version string) error {
	d, t, err := i.draft(ctx, revision, version)
	if err == nil {
		err = d.checkApproved(i.Rendered)
	}
	if err != nil {
		return err
	}
	if t.base != nil {
		err = i.upgradeBase(ctx, t.base, revision)
	}
	if err == nil {
		i.log(fmt.Sprintf("Helm installs chart %s %s as release %s in namespace %s",
			t.chart.Name(), d.ChartVersion, ReleaseName(revision), i.Root))
		err = i.apply(ctx, d, t.chart, t.values)
	}
	if err == nil {
		err = readinessWait{cluster: i.Cluster, root: i.Root, revision: revision, timeout: i.Timeout, log: i.Log}.wait(ctx)
	}
	if err == nil {
		return nil
	}
	return &Failure{
		Revision: revision, Action: "Helm, chart " + i.Chart.String() + " " + d.ChartVersion,
		Err: t.redactor().Error(err), RemoveCommand: i.uninstallCommand(revision),
	}
}

func (i HelmInstaller) log(line string) {
	if i.Log != nil {
		i.Log(line)
	}
}

// apply installs or upgrades the release, whatever its state.
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
		// The process that left it is dead, since this one holds the Lease.
		i.log(fmt.Sprintf("Helm release %s was left %s by a dead process: installing again", r.Name, r.Info.Status))
		r.SetStatus(common.StatusFailed, "interrupted; installed again by rerig")
		if err := helm.Releases.Update(r); err != nil {
			return fmt.Errorf("resume Helm release %s: %w", r.Name, err)
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

// upgradeRelease upgrades a release that was deployed before: Helm then knows which objects it
// owns.
func (i HelmInstaller) upgradeRelease(
	ctx context.Context, helm *action.Configuration, d Draft, istiod *chart.Chart, values map[string]any,
) error {
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
