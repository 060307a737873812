// SPDX-License-Identifier: Apache-2.0

//go:build unix

package install

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"helm.sh/helm/v4/pkg/action"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	"helm.sh/helm/v4/pkg/kube"
	"helm.sh/helm/v4/pkg/release/common"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
)

var (
	validators = schema.GroupVersionResource{Group: "admissionregistration.k8s.io", Version: "v1",
		Resource: "validatingwebhookconfigurations"}
	crds = schema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"}
)

// labBase upgrades the chart base together with the revision. The values of its release have an
// outdated default revision.
func labBase(t *testing.T, i HelmInstaller) {
	i.Chart.UpgradeBase = true
	if _, err := i.Draft(t.Context(), helmRevision, ""); err == nil || !strings.Contains(err.Error(), "not owned by a Helm release") {
		t.Errorf("CRDs that istioctl put there: %v", err)
	}
	installOldBase(t, i)
	d, err := i.Draft(t.Context(), helmRevision, "")
	if err != nil {
		t.Fatal(err)
	}
	notes := strings.Join(d.Notes, "\n")
	if !strings.Contains(notes,
		"Helm first upgrades release istio-system/istio-base (chart base, with the CRDs of all revisions) from 1.29.1 to 1.31.0") ||
		strings.Contains(notes, "older") || len(d.InPlace) < 10 {
		t.Errorf("draft %+v, notes %s", d.InPlace, notes)
	}
	i = withPermissions(t, i, d.Permissions)
	if err := i.Install(t.Context(), helmRevision, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := i.Cluster.Resource(crds).Get(t.Context(), "trafficextensions.extensions.istio.io", metav1.GetOptions{}); err != nil {
		t.Errorf("the CRDs were not upgraded: %v", err)
	}
	o := validator(t, i)
	if calls := webhookService(o); calls != "istio-system/istiod-1-29-1" || o.GetLabels()[revisionLabel] != "1-29-1" || !hasCABundle(o) {
		t.Errorf("the default validator calls %s, labels %v", calls, o.GetLabels())
	}
	setPending(t, i)
	again, err := i.Draft(t.Context(), helmRevision, "")
	if err != nil || !strings.Contains(strings.Join(again.Notes, "\n"), "from 1.31.0 (pending-upgrade, unfinished) to 1.31.0") {
		t.Fatalf("broken off: %v, %q", err, again.Notes)
	}
	if err := i.Install(t.Context(), helmRevision, ""); err != nil {
		t.Fatal(err)
	}
	again, err = i.Draft(t.Context(), helmRevision, "")
	if err != nil || !strings.Contains(strings.Join(again.Notes, "\n"), "has version 1.31.0 already and is not changed") {
		t.Errorf("asked for again: %v, %q", err, again.Notes)
	}
}

// setPending leaves the release of the chart base as a process does that dies during an upgrade.
func setPending(t *testing.T, i HelmInstaller) {
	t.Helper()
	helm, err := i.actionConfig(i.Root)
	if err != nil {
		t.Fatal(err)
	}
	r, err := latestRelease(helm, "istio-base")
	if err != nil {
		t.Fatal(err)
	}
	r.SetStatus(common.StatusPendingUpgrade, "Preparing upgrade")
	if err := helm.Releases.Update(r); err != nil {
		t.Fatal(err)
	}
}

func validator(t *testing.T, i HelmInstaller) *unstructured.Unstructured {
	t.Helper()
	o, err := i.Cluster.Resource(validators).Get(t.Context(), defaultValidator, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// installOldBase makes a Helm release of the older chart base own the CRDs of the lab. It restores
// the default validator afterwards, as if the default had been moved since.
func installOldBase(t *testing.T, i HelmInstaller) {
	t.Helper()
	before := validator(t, i)
	c, err := loader.Load(filepath.Join(filepath.Dir(realChart(t, "1.29.1")), "base"))
	if err != nil {
		t.Fatal(err)
	}
	helm, err := i.actionConfig(i.Root)
	if err != nil {
		t.Fatal(err)
	}
	install := action.NewInstall(helm)
	install.ReleaseName, install.Namespace, install.Timeout = "istio-base", i.Root, time.Minute
	install.TakeOwnership, install.ServerSideApply, install.WaitStrategy = true, false, kube.HookOnlyStrategy
	if _, err := install.RunWithContext(t.Context(), c, map[string]any{"defaultRevision": "stale"}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		secrets := i.Cluster.Resource(schema.GroupVersionResource{Version: "v1", Resource: "secrets"}).Namespace(i.Root)
		if err := secrets.DeleteCollection(context.Background(), metav1.DeleteOptions{},
			metav1.ListOptions{LabelSelector: "owner=helm,name=istio-base"}); err != nil {
			t.Error(err)
		}
	})
	hooks, _, _ := unstructured.NestedSlice(before.Object, "webhooks")
	body, err := (&unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "x",
		"metadata": map[string]any{"labels": map[string]any{revisionLabel: "1-29-1"}}, "webhooks": hooks}}).MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	body = []byte(strings.NewReplacer(`"apiVersion":"v1",`, "", `"kind":"x",`, "").Replace(string(body)))
	if _, err := i.Cluster.Resource(validators).Patch(t.Context(), defaultValidator, types.MergePatchType, body,
		metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
}
