// SPDX-License-Identifier: Apache-2.0

package install

import (
	"context"
	"fmt"

	"helm.sh/helm/v4/pkg/action"
	"helm.sh/helm/v4/pkg/kube"
	"helm.sh/helm/v4/pkg/release/common"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// draftBaseManifest renders the chart base and says what it replaces. It refuses
// a default validator that would then call another istiod than it does now.
func (i HelmInstaller) draftBaseManifest(ctx context.Context, d *Draft, b *baseUpgrade) error {
	at := i
	at.Root = b.release.Namespace
	manifest, err := at.renderRelease(ctx, b.chart, b.values, b.release.Name)
	if err != nil {
		return err
	}
	live, err := getObjects(ctx, i.Cluster, manifest)
	if err != nil {
		return err
	}
	for n, o := range manifest {
		resource, _ := meta.UnsafeGuessKindToResource(o.GroupVersionKind())
		for _, verb := range []string{"get", "create", "patch"} {
			d.Permissions = append(d.Permissions, Permission{Verb: verb, Group: resource.Group, Resource: resource.Resource, Namespace: objectOf(o).Namespace})
		}
		if live[n] == nil {
			continue
		}
		if calls, now := webhookService(o), webhookService(live[n]); o.GetName() == defaultValidator && calls != now {
			return fmt.Errorf("upgrade the chart base: %s would call %s, and calls %s now: upgrade the chart base yourself, and leave --upgrade-base out", objectOf(o), calls, now)
		}
		object := describeObject(o, live[n])
		object.Component = "Base"
		d.InPlace = append(d.InPlace, object)
	}
	sortObjects(d.InPlace)
	d.Permissions = dedupe(append(d.Permissions, releaseStoragePermissions(b.release.Namespace)...))
	from := b.release.Chart.Metadata.Version
	if status := b.release.Info.Status; status != common.StatusDeployed {
		from += " (" + status.String() + ": it has not come to its end)"
	}
	d.Notes = append(d.Notes, fmt.Sprintf("first Helm upgrades release %s/%s, the chart base with the CRDs of every revision, from %s to %s; the default validator stays as it is",
		b.release.Namespace, b.release.Name, from, b.chart.Metadata.Version))
	return nil
}

// webhookService is the Service that a configuration's webhooks call.
func webhookService(hook *unstructured.Unstructured) string {
	hooks, _, _ := unstructured.NestedSlice(hook.Object, "webhooks")
	for _, h := range hooks {
		webhook, _ := h.(map[string]any)
		return nestedString(webhook, "clientConfig", "service", "namespace") + "/" + nestedString(webhook, "clientConfig", "service", "name")
	}
	return ""
}

// upgradeBase has Helm upgrade the chart base. One that a dead process left
// pending is taken up again.
func (i HelmInstaller) upgradeBase(ctx context.Context, b *baseUpgrade, revision string) error {
	i.log(fmt.Sprintf("Helm upgrades release %s/%s, the chart base, to %s", b.release.Namespace, b.release.Name, b.chart.Metadata.Version))
	helm, err := i.actionConfig(b.release.Namespace)
	if err != nil {
		return err
	}
	if isPending(b.release) {
		b.release.SetStatus(common.StatusFailed, "broken off; upgraded again by rerig")
		if err := helm.Releases.Update(b.release); err != nil {
			return fmt.Errorf("take up Helm release %s: %w", b.release.Name, err)
		}
	}
	upgrade := action.NewUpgrade(helm)
	upgrade.Namespace, upgrade.Timeout, upgrade.ResetValues = b.release.Namespace, i.Timeout, true
	upgrade.ServerSideApply, upgrade.WaitStrategy, upgrade.Labels = "false", kube.HookOnlyStrategy, map[string]string{releaseRevisionLabel: revision}
	if _, err := upgrade.RunWithContext(ctx, b.release.Name, b.chart, b.values); err != nil {
		return fmt.Errorf("upgrade the chart base, release %s/%s: %w", b.release.Namespace, b.release.Name, err)
	}
	return nil
}
