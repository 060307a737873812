// SPDX-License-Identifier: Apache-2.0

package stories

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"helm.sh/helm/v4/pkg/release/common"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/rerig/rerig/api/v1alpha1"
)

// TestUpgradeByHelm installs the new revision with Helm from a chart repository, beside
// one that istioctl installed.
func TestUpgradeByHelm(t *testing.T) {
	l := sharedLab(t, "Helm installs 1-31-0 from a chart repository, with the values of the revision that istioctl installed; the shop "+
		"is upgraded and rolled back")
	before, gateways := l.snapshot(t, bindingFields()), l.gatewaySnapshot(t)
	args := upgradeArgs("--chart", "istiod", "--repo", chartRepository(t, newVersion), "--soak", "0s", "--waves", "1")

	planned := l.rerig(t, planArgs(args)...)
	planned.requireExit(t, exitDone)
	planned.requireOutput(t, "install revision 1-31-0 from istiod", "by Helm, chart istiod 1.31.0, as release istiod-1-31-0",
		"inherited from ConfigMap istio-system/values-1-29-1:", "meshConfig.accessLogFile=/dev/stdout",
		"pilot.env.PILOT_ENABLE_ALPN_FILTER=false",
		"not inherited: global.tag (1.29.1)")
	l.snapshot(t, bindingFields()).requireSame(t, "a plan", before)
	if l.helmRelease(t, "istiod-"+newRevision) != nil {
		t.Error("the plan left a Helm release")
	}

	moved := l.rerig(t, args...)
	moved.requireExit(t, exitDone)
	t.Logf("upgrade: %s", short(moved.took))
	l.requirePlacement(t, everywhere(newRevision))
	l.requireLabels(t, everywhere(newRevision))
	l.gatewaySnapshot(t).requireSame(t, "the gateways after the upgrade", gateways)
	if r := l.helmRelease(t, "istiod-"+newRevision); r == nil || r.Info.Status != common.StatusDeployed || r.Version != 1 {
		t.Errorf("the release: %+v", r)
	}

	l.rerig(t, args...).requireOutput(t, "Nothing is left to do")
	l.rerig(t, rollbackArgs()...).requireExit(t, exitDone)
	l.requirePlacement(t, everywhere(oldRevision))
	l.gatewaySnapshot(t).requireSame(t, "the gateways after the rollback", gateways)
	l.uninstallReleases(t)
	for _, r := range slices.Concat(namespacedComponents, clusterComponents) {
		for _, o := range l.list(t.Context(), t, r, "") {
			if strings.Contains(o.GetName()+"-", "-"+newRevision+"-") && r.Resource != "configmaps" {
				t.Errorf("`helm uninstall` leaves %s %s", r.Resource, o.GetName())
			}
		}
	}
}

// TestHelmInheritsValues upgrades from a revision that Helm installed with values of its
// own.
func TestHelmInheritsValues(t *testing.T) {
	l := sharedLab(t, "the old revision was installed by Helm with values of its own: the new one, from an OCI registry, inherits them; "+
		"the old one is removed and restored")
	const custom = "custom"
	l.installWithHelm(t, oldVersion, custom, map[string]any{
		"meshConfig": map[string]any{"accessLogEncoding": "JSON", "accessLogFile": "/dev/stdout"},
		"env": map[string]any{"PILOT_ENABLE_METADATA_EXCHANGE": "false", "PILOT_ENABLE_ALPN_FILTER": "false",
			"PILOT_PUSH_THROTTLE": "77"},
		"telemetry": map[string]any{"enabled": false}, "autoscaleEnabled": false,
		"resources": map[string]any{"requests": map[string]any{"cpu": "50m", "memory": "200Mi"}},
		"global":    map[string]any{"tag": oldVersion},
	})
	l.label(t, "shop-web", map[string]any{"istio.io/rev": custom})
	for _, p := range l.shopPods(t) {
		if p.Namespace == "shop-web" {
			_ = l.core.Pods(p.Namespace).Delete(t.Context(), p.Name, metav1.DeleteOptions{})
		}
	}
	eventually(t, time.Minute, func() error { return rolledOut(l.deployment(t, "shop-web", "web")) })

	mine := tempFile(t, "meshConfig: {accessLogFile: /dev/stderr}\n")
	args := upgradeArgs("--chart", chartRegistry(t, newVersion)+"istiod", "--values", mine, "-n", "shop-web", "--soak", "0s",
		"--remove-old")
	planned := l.rerig(t, planArgs(args)...)
	planned.requireOutput(t, "inherited from Helm release istio-system/istiod-custom:", "env.PILOT_PUSH_THROTTLE=77",
		"meshConfig.accessLogEncoding=JSON",
		"not inherited: global.tag (1.29.1)")

	l.rerig(t, args...).requireExit(t, exitDone)
	want := maps.Clone(everywhere(oldRevision))
	want["shop-web"] = newRevision
	l.requirePlacement(t, want)
	mesh, err := l.core.ConfigMaps("istio-system").Get(t.Context(), "istio-"+newRevision, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{"accessLogEncoding: JSON", "accessLogFile: /dev/stderr"} {
		if !strings.Contains(mesh.Data["mesh"], line) {
			t.Errorf("the new revision's mesh configuration has no %q:\n%s", line, mesh.Data["mesh"])
		}
	}
	istiod := l.deployment(t, "istio-system", "istiod-"+newRevision)
	if env := fieldJSON(t, istiod, "spec.template.spec.containers"); !strings.Contains(env, `"PILOT_PUSH_THROTTLE"`) ||
		!strings.Contains(env, `"docker.io/lab/pilot:1.31.0"`) {
		t.Errorf("the new istiod runs with %s", env)
	}
	if r := l.helmRelease(t, "istiod-"+custom); r != nil || len(l.list(t.Context(), t, deployments,
		"app=istiod,istio.io/rev="+custom)) > 0 {
		t.Errorf("the revision that Helm had installed is not gone: %+v", r)
	}
	l.requireStoredInherited(t, "accessLogEncoding")

	l.rerig(t, rollbackArgs()...).requireExit(t, exitDone)
	if r := l.helmRelease(t, "istiod-"+custom); r == nil || r.Info.Status != common.StatusDeployed {
		t.Errorf("the revision that Helm had installed is not what it was: %+v", r)
	}
	for _, p := range l.shopPods(t) {
		if p.Namespace == "shop-web" && sidecar(p) != custom {
			t.Errorf("pod %s is on %s, want %s", p.Name, sidecar(p), custom)
		}
	}
}

// requireStoredInherited requires an inherited value in the Secret of the run, and not in its record.
func (l *lab) requireStoredInherited(t *testing.T, key string) {
	t.Helper()
	o, err := l.objects.Resource(meshUpgrades).Get(t.Context(), "to-"+newRevision, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if record := fmt.Sprint(o.Object["spec"]); strings.Contains(record, key) {
		t.Errorf("the record contains the inherited value %s: %s", key, record)
	}
	name, _, _ := unstructured.NestedString(o.Object, "spec", "helm", "inherited", "values", v1alpha1.FromSecretKey, "name")
	s, err := l.core.Secrets("istio-system").Get(t.Context(), name, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if inherited := string(s.Data["inherited"]); !strings.Contains(inherited, key) {
		t.Errorf("Secret %s has no inherited value %s: %s", name, key, inherited)
	}
	if owners := s.OwnerReferences; len(owners) != 1 || owners[0].UID != o.GetUID() {
		t.Errorf("Secret %s is owned by %v, want the MeshUpgrade", name, owners)
	}
}

// TestKilledWhileHelmInstalls kills rerig once in the middle of Helm's install: the next
// start continues the pending release.
func TestKilledWhileHelmInstalls(t *testing.T) {
	l := sharedLab(t, "killed in the middle of Helm's install, from a directory: the same command continues the release")
	if kills, pending := l.killDuringHelm(t, 6, 1000); kills != 1 || pending != 1 {
		t.Errorf("got %d kills, %d of them with a pending release, want 1 and 1: does the gate still know Helm?", kills, pending)
	}
}

// TestHelmKilledAtEveryWrite kills rerig after each of Helm's writes.
func TestHelmKilledAtEveryWrite(t *testing.T) {
	l := sharedLab(t, "killed after each write of Helm's install, from a directory: the same command continues the release")
	if kills, pending := l.killDuringHelm(t, 1, 1); kills < 3 || pending < 2 {
		t.Errorf("got %d kills, %d of them with a pending release, want 3 and 2 at least: does the gate still know Helm?", kills, pending)
	}
}

// killDuringHelm kills an upgrade after Helm's nth write, for each n from first in steps,
// until n is more than Helm writes. It returns the number of kills, and how many left
// a pending release.
func (l *lab) killDuringHelm(t *testing.T, first, step int) (kills, pending int) {
	t.Helper()
	before, gateways := l.snapshot(t, bindingFields()), l.gatewaySnapshot(t)
	g := newGate(t, l.config)
	args := upgradeArgs("--chart", filepath.Join(charts(t, newVersion), "istiod"), "--soak", "0s", "--waves", "1", "--lease-duration", lease)
	for nth := first; ; nth += step {
		killed, e := g.runUntil(t, args, nthWriteBy("helm", nth))
		if killed == nil {
			e.requireExit(t, exitDone)
			break
		}
		kills++
		r := l.helmRelease(t, "istiod-"+newRevision)
		if r == nil {
			t.Fatalf("killed after %s, and there is no release", killed)
		}
		if r.Info.Status.IsPending() {
			pending++
		}
		t.Logf("killed after write %d of Helm, %s; its release is %s", nth, killed, r.Info.Status)
		l.snapshot(t, bindingFields()).withoutTarget().requireSame(t, "an install that was killed", before)
	}
	l.requirePlacement(t, everywhere(newRevision))
	l.gatewaySnapshot(t).requireSame(t, "the gateways", gateways)
	if r := l.helmRelease(t, "istiod-"+newRevision); r == nil || r.Info.Status != common.StatusDeployed {
		t.Errorf("the release: %+v", r)
	}
	l.requirePhase(t, "Completed")
	return kills, pending
}

// TestHelmReleaseOfAnotherTool requires that rerig leaves a release alone that another
// process works on.
func TestHelmReleaseOfAnotherTool(t *testing.T) {
	l := sharedLab(t, "a pending Helm release of another process, or objects of another tool under the new name: refused before anything "+
		"changes")
	args := upgradeArgs("--chart", filepath.Join(charts(t, newVersion), "istiod"))
	l.installWithHelm(t, newVersion, newRevision, map[string]any{"telemetry": map[string]any{"enabled": false}, "autoscaleEnabled": false,
		"resources": map[string]any{"requests": map[string]any{"cpu": "50m", "memory": "200Mi"}}})
	r := l.helmRelease(t, "istiod-"+newRevision)
	r.Info.Status = common.StatusPendingInstall
	if err := l.helmConfig(t).Releases.Update(r); err != nil {
		t.Fatal(err)
	}
	l.uninstall(t) // so that rerig does not see it as installed
	eventually(t, time.Minute, func() error {
		if left := l.list(t.Context(), t, resource("", "v1", "pods"), "app=istiod,istio.io/rev="+newRevision); len(left) > 0 {
			return fmt.Errorf("istiod %s is still there", left[0].GetName())
		}
		return nil
	})
	l.requireRefused(t, refusal{name: "pending", args: args, code: exitRefused,
		says: []string{"Helm release istiod-1-31-0 is pending-install since", "Rerig did not start that",
			"helm uninstall istiod-1-31-0 --namespace istio-system"}})
	l.uninstallReleases(t)

	account := map[string]any{"apiVersion": "v1", "kind": "ServiceAccount", "metadata": map[string]any{"name": "istiod-" + newRevision,
		"namespace": "istio-system"}}
	o := &unstructured.Unstructured{Object: account}
	accounts := l.objects.Resource(resource("", "v1", "serviceaccounts")).Namespace("istio-system")
	if _, err := accounts.Create(t.Context(), o, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	l.requireRefused(t, refusal{name: "not owned by Helm", args: args, code: exitRefused,
		says: []string{"ServiceAccount istio-system/istiod-1-31-0 (not owned by Helm)", "--to"}})
	if err := accounts.Delete(t.Context(), o.GetName(), metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
}
