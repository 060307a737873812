// SPDX-License-Identifier: Apache-2.0

package install

import (
	"context"
	"fmt"

	"helm.sh/helm/v4/pkg/action"
	chart "helm.sh/helm/v4/pkg/chart/v2"
	"helm.sh/helm/v4/pkg/kube"
	"helm.sh/helm/v4/pkg/release/common"
)

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
