// SPDX-License-Identifier: Apache-2.0

package install

import (
	"context"
	"fmt"

	"helm.sh/helm/v4/pkg/action"
	"helm.sh/helm/v4/pkg/kube"
	"helm.sh/helm/v4/pkg/release/common"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// draftBaseManifest records what the chart base replaces. It rejects a default validator that would
// call another istiod than it does now.
func (i HelmInstaller) draftBaseManifest(ctx context.Context, d *Draft, b *baseUpgrade) error {
	live, err := getObjects(ctx, i.reader(), b.manifest)
	if err != nil {
		return err
	}
	for n, o := range b.manifest {
		for _, verb := range []string{"get", "create", "patch"} {
			d.Permissions = append(d.Permissions, i.reader().permission(verb, o.GroupVersionKind(), objectOf(o).Namespace))
		}
		object := describeObject(o, live[n])
		object.Component, object.Pods = "Base", podEffect(o, live[n])
		if live[n] == nil {
			d.Created = append(d.Created, object)
			continue
		}
		if calls, now := webhookService(o), webhookService(live[n]); o.GetName() == defaultValidator && calls != now {
			return fmt.Errorf("upgrade the chart base: %s would call %s instead of %s. Upgrade the chart base yourself and omit --upgrade-base",
				objectOf(o), calls, now)
		}
		d.InPlace = append(d.InPlace, object)
	}
	sortObjects(d.InPlace)
	sortObjects(d.Created)
	d.Permissions = dedupe(append(d.Permissions, releaseStoragePermissions(b.release.Namespace)...))
	from := b.release.Chart.Metadata.Version
	if status := b.release.Info.Status; status != common.StatusDeployed {
		from += " (" + status.String() + ", unfinished)"
	}
	d.Notes = append(d.Notes, fmt.Sprintf("Helm first upgrades release %s/%s (chart base, "+
		"with the CRDs of all revisions) from %s to %s; the default validator does not change",
		b.release.Namespace, b.release.Name, from, b.chart.Metadata.Version))
	return nil
}

// webhookService returns the namespace/name of the Service that a configuration's webhooks call.
func webhookService(hook *unstructured.Unstructured) string {
	hooks, _, _ := unstructured.NestedSlice(hook.Object, "webhooks")
	for _, h := range hooks {
		webhook, _ := h.(map[string]any)
		return nestedString(webhook, "clientConfig", "service", "namespace") + "/" + nestedString(webhook, "clientConfig", "service", "name")
	}
	return ""
}

// upgradeBase upgrades the chart base with Helm. It resumes an upgrade that a dead process left
// pending.
func (i HelmInstaller) upgradeBase(ctx context.Context, b *baseUpgrade, revision string) error {
	i.log(fmt.Sprintf("Helm upgrades release %s/%s (chart base) to %s", b.release.Namespace, b.release.Name, b.chart.Metadata.Version))
	helm, err := i.actionConfig(b.release.Namespace)
	if err != nil {
		return err
	}
	if isPending(b.release) {
		b.release.SetStatus(common.StatusFailed, "interrupted; upgraded again by rerig")
		if err := helm.Releases.Update(b.release); err != nil {
			return fmt.Errorf("resume Helm release %s: %w", b.release.Name, err)
		}
	}
	upgrade := action.NewUpgrade(helm)
	upgrade.Namespace, upgrade.Timeout, upgrade.ResetValues = b.release.Namespace, i.Timeout, true
	upgrade.ServerSideApply, upgrade.WaitStrategy = "false", kube.HookOnlyStrategy
	upgrade.Labels = map[string]string{releaseRevisionLabel: revision}
	if _, err := upgrade.RunWithContext(ctx, b.release.Name, b.chart, b.values); err != nil {
		return fmt.Errorf("upgrade the chart base, release %s/%s: %w", b.release.Namespace, b.release.Name, err)
	}
	return nil
}
