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
)

// TestUpgradeByHelm has Helm install the new revision beside the one that
// istioctl installed, from a chart repository.
func TestUpgradeByHelm(t *testing.T) {
	l := hollow(t, "Helm installs 1-31-0 from a chart repository, with the values of the revision that istioctl installed; the shop moves, and back")
	before, gateways := l.snapshot(t, bindings()), l.gateways(t)
	args := moving("--chart", "istiod", "--repo", chartRepository(t, newVersion), "--soak", "1s")

	planned := l.rerig(t, planning(args)...)
	planned.exits(t, exitDone)
	planned.says(t, "install revision 1-31-0 from istiod", "by Helm, chart istiod 1.31.0, as release istiod-1-31-0",
		"inherited from ConfigMap istio-system/values-1-29-1:", "meshConfig.accessLogFile=/dev/stdout", "pilot.env.PILOT_ENABLE_ALPN_FILTER=false",
		"not inherited: global.tag (1.29.1)")
	l.snapshot(t, bindings()).same(t, "a plan", before)
	if l.released(t, "istiod-"+newRevision) != nil {
		t.Error("the plan left a Helm release")
	}

	moved := l.rerig(t, args...)
	moved.exits(t, exitDone)
	t.Logf("upgrade: %s", short(moved.took))
	l.stands(t, all(newRevision))
	l.labelled(t, all(newRevision))
	l.gateways(t).same(t, "the gateways after the upgrade", gateways)
	if r := l.released(t, "istiod-"+newRevision); r == nil || r.Info.Status != common.StatusDeployed || r.Version != 1 {
		t.Errorf("the release: %+v", r)
	}

	l.rerig(t, args...).says(t, "Nothing is left to do")
	l.rerig(t, back()...).exits(t, exitDone)
	l.stands(t, all(oldRevision))
	l.gateways(t).same(t, "the gateways after the rollback", gateways)
	l.withoutReleases(t)
	for _, r := range slices.Concat(within, beyond) {
		for _, o := range l.list(t.Context(), t, r, "") {
			if strings.Contains(o.GetName()+"-", "-"+newRevision+"-") && r.Resource != "configmaps" {
				t.Errorf("`helm uninstall` leaves %s %s", r.Resource, o.GetName())
			}
		}
	}
}

// TestHelmCarriesValuesOver moves from a revision that Helm installed, with
// values of its own.
func TestHelmCarriesValuesOver(t *testing.T) {
	l := hollow(t, "the revision in use was installed by Helm with values of its own: the new one, from an OCI registry, gets them too; the old one goes, and comes back")
	const custom = "custom"
	l.installed(t, oldVersion, custom, map[string]any{
		"meshConfig": map[string]any{"accessLogEncoding": "JSON", "accessLogFile": "/dev/stdout"},
		"env":        map[string]any{"PILOT_ENABLE_METADATA_EXCHANGE": "false", "PILOT_ENABLE_ALPN_FILTER": "false", "PILOT_PUSH_THROTTLE": "77"},
		"telemetry":  map[string]any{"enabled": false}, "autoscaleEnabled": false,
		"resources": map[string]any{"requests": map[string]any{"cpu": "50m", "memory": "200Mi"}},
		"global":    map[string]any{"tag": oldVersion},
	})
	l.label(t, "shop-web", map[string]any{"istio.io/rev": custom})
	for _, p := range l.shopPods(t) {
		if p.Namespace == "shop-web" {
			_ = l.core.Pods(p.Namespace).Delete(t.Context(), p.Name, metav1.DeleteOptions{})
		}
	}
	eventually(t, time.Minute, func() error { return rolled(l.get(t, "shop-web", "web")) })

	mine := file(t, "meshConfig: {accessLogFile: /dev/stderr}\n")
	args := moving("--chart", chartRegistry(t, newVersion)+"istiod", "--values", mine, "-n", "shop-web", "--soak", "1s", "--remove-old")
	planned := l.rerig(t, planning(args)...)
	planned.says(t, "inherited from Helm release istio-system/istiod-custom:", "env.PILOT_PUSH_THROTTLE=77", "meshConfig.accessLogEncoding=JSON",
		"not inherited: global.tag (1.29.1)")

	l.rerig(t, args...).exits(t, exitDone)
	want := maps.Clone(all(oldRevision))
	want["shop-web"] = newRevision
	l.stands(t, want)
	mesh, err := l.core.ConfigMaps("istio-system").Get(t.Context(), "istio-"+newRevision, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{"accessLogEncoding: JSON", "accessLogFile: /dev/stderr"} {
		if !strings.Contains(mesh.Data["mesh"], line) {
			t.Errorf("the new revision's mesh configuration has no %q:\n%s", line, mesh.Data["mesh"])
		}
	}
	istiod := l.get(t, "istio-system", "istiod-"+newRevision)
	if env := render(t, istiod, "spec.template.spec.containers"); !strings.Contains(env, `"PILOT_PUSH_THROTTLE"`) || !strings.Contains(env, `"docker.io/lab/pilot:1.31.0"`) {
		t.Errorf("the new istiod runs with %s", env)
	}
	if r := l.released(t, "istiod-"+custom); r != nil || len(l.list(t.Context(), t, deployments, "app=istiod,istio.io/rev="+custom)) > 0 {
		t.Errorf("the revision that Helm had installed is not gone: %+v", r)
	}
	l.recorded(t, "carried over", "JSON", "spec", "helm", "carried", "values", "meshConfig", "accessLogEncoding")

	l.rerig(t, back()...).exits(t, exitDone)
	if r := l.released(t, "istiod-"+custom); r == nil || r.Info.Status != common.StatusDeployed {
		t.Errorf("the revision that Helm had installed is not what it was: %+v", r)
	}
	for _, p := range l.shopPods(t) {
		if p.Namespace == "shop-web" && sidecar(p) != custom {
			t.Errorf("pod %s is on %s, want %s", p.Name, sidecar(p), custom)
		}
	}
}

// recorded demands a field of the run's record.
func (l *lab) recorded(t *testing.T, what, want string, path ...string) {
	t.Helper()
	o, err := l.objects.Resource(meshUpgrades).Get(t.Context(), "to-"+newRevision, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if has, _, _ := unstructured.NestedString(o.Object, path...); has != want {
		t.Errorf("%s: the record says %q, want %q", what, has, want)
	}
}

// TestKilledWhileHelmInstalls kills rerig at several places in the middle of
// Helm's install: what is left pending is taken up again.
func TestKilledWhileHelmInstalls(t *testing.T) {
	l := hollow(t, "killed in the middle of Helm's install, from a directory, the same command takes the release up again")
	before, gateways := l.snapshot(t, bindings()), l.gateways(t)
	g := newGate(t, l.config)
	args := moving("--chart", filepath.Join(charts(t, newVersion), "istiod"), "--soak", "1s", "--lease-duration", lease)
	kills, pending, stride := 0, 0, 5
	if repeating() {
		stride = 1
	}
	for nth := 1; ; nth += stride {
		killed, e := g.life(t, args, writesBy("helm", nth))
		if killed == nil {
			e.exits(t, exitDone)
			break
		}
		kills++
		r := l.released(t, "istiod-"+newRevision)
		if r == nil {
			t.Fatalf("killed after %s, and there is no release", killed)
		}
		if r.Info.Status.IsPending() {
			pending++
		}
		t.Logf("killed after write %d of Helm, %s; its release is %s", nth, killed, r.Info.Status)
		l.snapshot(t, bindings()).ours().same(t, "an install that was killed", before)
	}
	if kills < 3 || pending < 2 {
		t.Errorf("it was killed %d times, %d times in the middle: does the gate still know Helm?", kills, pending)
	}
	l.stands(t, all(newRevision))
	l.gateways(t).same(t, "the gateways", gateways)
	if r := l.released(t, "istiod-"+newRevision); r == nil || r.Info.Status != common.StatusDeployed {
		t.Errorf("the release: %+v", r)
	}
	l.phase(t, "Completed")
}

// TestHelmInOtherHands: a release that somebody else works on is left to him.
func TestHelmInOtherHands(t *testing.T) {
	l := hollow(t, "a Helm release that is pending by other hands, or objects of other hands under the new name, are refused before anything is touched")
	args := moving("--chart", filepath.Join(charts(t, newVersion), "istiod"))
	l.installed(t, newVersion, newRevision, map[string]any{"telemetry": map[string]any{"enabled": false}, "autoscaleEnabled": false,
		"resources": map[string]any{"requests": map[string]any{"cpu": "50m", "memory": "200Mi"}}})
	r := l.released(t, "istiod-"+newRevision)
	r.Info.Status = common.StatusPendingInstall
	if err := l.helm(t).Releases.Update(r); err != nil {
		t.Fatal(err)
	}
	l.uninstall(t) // so that rerig does not take it for installed
	eventually(t, time.Minute, func() error {
		if left := l.list(t.Context(), t, resource("", "v1", "pods"), "app=istiod,istio.io/rev="+newRevision); len(left) > 0 {
			return fmt.Errorf("istiod %s is still there", left[0].GetName())
		}
		return nil
	})
	l.refused(t, refusal{name: "pending", args: args, code: exitRefused, says: []string{"Helm release istiod-1-31-0 is pending-install since", "Rerig did not start that", "helm uninstall istiod-1-31-0 --namespace istio-system"}})
	l.withoutReleases(t)

	account := map[string]any{"apiVersion": "v1", "kind": "ServiceAccount", "metadata": map[string]any{"name": "istiod-" + newRevision, "namespace": "istio-system"}}
	o := &unstructured.Unstructured{Object: account}
	accounts := l.objects.Resource(resource("", "v1", "serviceaccounts")).Namespace("istio-system")
	if _, err := accounts.Create(t.Context(), o, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	l.refused(t, refusal{name: "somebody else's", args: args, code: exitRefused, says: []string{"ServiceAccount istio-system/istiod-1-31-0 (not owned by Helm)", "--to"}})
	if err := accounts.Delete(t.Context(), o.GetName(), metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
}
