// SPDX-License-Identifier: Apache-2.0

package stories

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/yaml"
)

// TestDifferencesAreFound upgrades to a control plane with other settings: what breaks
// workloads is refused or holds, other differences are shown.
func TestDifferencesAreFound(t *testing.T) {
	l := targetLab(t, "a different value is shown; another trust domain and a namespace that is not discovered are found before anything "+
		"moves")
	const validating = "validate the control planes before anything is moved (nothing was changed)"

	t.Run("a value", func(t *testing.T) {
		l.changeMeshConfig(t, oldRevision, func(mesh map[string]any) { mesh["connectTimeout"] = "7s" })
		l.createRevisionConfig(t)
		planned := l.rerig(t, planArgs(upgradeArgs("--to", newRevision, "--details"))...)
		planned.requireExit(t, exitDone)
		planned.requireOutput(t, "Control planes with different settings", "mesh configuration: connectTimeout 7s -> (not set)",
			"EnvoyFilters without effect on the new version", "EnvoyFilter shop-core/old-proxies", `proxyVersion ^1\.29.*`,
			"Configuration that only one revision reads", "Sidecar shop-core/narrow", "label istio.io/rev=1-29-1")
	})
	to := upgradeArgs("--to", newRevision)
	t.Run("the trust domain", func(t *testing.T) {
		was := l.changeMeshConfig(t, newRevision, func(mesh map[string]any) { mesh["trustDomain"] = "elsewhere" })
		l.requireRefused(t, refusal{name: "another", args: to, code: exitRefused, says: []string{validating,
			"revision 1-31-0 has the trust domain elsewhere, revision 1-29-1 has cluster.local"}})
		l.setMeshConfig(t, newRevision, was)
	})
	t.Run("what it sees", func(t *testing.T) {
		was := l.changeMeshConfig(t, newRevision, func(mesh map[string]any) {
			mesh["discoverySelectors"] = []any{map[string]any{"matchLabels": map[string]any{"istio.io/rev": newRevision}}}
		})
		l.requireRefused(t, refusal{name: "not all", args: to, code: exitRefused, says: []string{validating,
			"the discoverySelectors of revision 1-31-0 do not select namespace shop-"}})
		l.setMeshConfig(t, newRevision, was)
	})
	t.Run("an injection template", func(t *testing.T) {
		l.createIdleDeployment(t, "shop-core", "audited", map[string]any{"inject.istio.io/templates": "sidecar,audit"})
		l.requireRefused(t, refusal{name: "missing", args: to, code: exitRefused, says: []string{validating,
			"revision 1-31-0 lacks injection templates that pods ask for: Deployment shop-core/audited (audit)"}})
		l.deleteAndWait(t, "deployments", "shop-core", "audited")
	})
}

// createIdleDeployment creates a Deployment without pods whose template has annotations.
func (l *lab) createIdleDeployment(t *testing.T, ns, name string, annotations map[string]any) {
	t.Helper()
	labels := map[string]any{"app": name}
	l.createObject(t, "apps/v1", "Deployment", "deployments", ns, name, nil, map[string]any{
		"replicas": int64(0), "selector": map[string]any{"matchLabels": labels}, "template": map[string]any{
			"metadata": map[string]any{"labels": labels, "annotations": annotations},
			"spec":     map[string]any{"containers": []any{map[string]any{"name": "app", "image": "app"}}},
		}})
}

// TestDifferencesAfterInstall finds, after the install, what no check could see before
// it.
func TestDifferencesAfterInstall(t *testing.T) {
	l := sharedLab(t, "the new revision is installed from a file with another trust domain: the run holds before it moves anything")
	before := l.snapshot(t, bindingFields())
	other := strings.Replace(fmt.Sprintf(minimal, ""), "spec:\n", "spec:\n  meshConfig: {trustDomain: elsewhere}\n", 1)
	args := installArgs(t)
	args[slices.Index(args, "--operator")+1] = tempFile(t, other)
	l.createIdleDeployment(t, "shop-core", "audited", map[string]any{"inject.istio.io/templates": "sidecar,audit"})
	planned := l.rerig(t, planArgs(args)...)
	planned.requireExit(t, exitDone)
	planned.requireOutput(t, "Injection templates that the new revision lacks",
		"Deployment shop-core/audited asks for sidecar,audit; missing: audit")
	l.deleteAndWait(t, "deployments", "shop-core", "audited")
	held := l.rerig(t, args...)
	held.requireExit(t, exitHeld)
	held.requireOutput(t, "Held at 1-31-0 (CheckFailed)",
		"revision 1-31-0 has the trust domain elsewhere, revision 1-29-1 has cluster.local",
		"Authorization policies reject requests from another trust domain")
	l.snapshot(t, bindingFields()).withoutTarget().requireSame(t, "a control plane of another trust domain", before)
	l.requirePlacement(t, everywhere(oldRevision))
}

// TestRootCertificateIsMissing deletes the root's ConfigMap from a moved namespace,
// while no istiod may write it again.
func TestRootCertificateIsMissing(t *testing.T) {
	l := targetLab(t, "a namespace without the mesh's root certificate is found before anything moves")
	for _, revision := range []string{oldRevision, newRevision} {
		l.forbidConfigMaps(t, revision)
	}
	maps := l.core.ConfigMaps("shop-core")
	root, err := maps.Get(t.Context(), "istio-ca-root-cert", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := maps.Delete(t.Context(), root.Name, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { // an istiod without the right does not try again soon
		root.ResourceVersion, root.UID = "", ""
		if _, err := maps.Create(context.Background(), root, metav1.CreateOptions{}); err != nil && !apierrors.IsAlreadyExists(err) {
			t.Error(err)
		}
	})
	l.requireRefused(t, refusal{name: "no root", args: upgradeArgs("--to", newRevision), code: exitRefused,
		says: []string{"namespace shop-core has no ConfigMap istio-ca-root-cert",
			"istiod writes the ConfigMap istio-ca-root-cert into every namespace that it discovers"}})
}

// forbidConfigMaps removes an istiod's right to write ConfigMaps until the test ends.
func (l *lab) forbidConfigMaps(t *testing.T, revision string) {
	t.Helper()
	roles := l.objects.Resource(resource("rbac.authorization.k8s.io", "v1", "clusterroles"))
	o, err := roles.Get(t.Context(), "istiod-clusterrole-"+revision+"-istio-system", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	rules, _, _ := unstructured.NestedSlice(o.Object, "rules")
	less := slices.DeleteFunc(slices.Clone(rules), func(r any) bool {
		resources, _, _ := unstructured.NestedStringSlice(r.(map[string]any), "resources")
		return slices.Contains(resources, "configmaps")
	})
	if len(less) == len(rules) {
		t.Fatalf("istiod has no right to write ConfigMaps: %v", rules)
	}
	set := func(rules []any) {
		body := map[string]any{"rules": rules}
		l.patch(t, resource("rbac.authorization.k8s.io", "v1", "clusterroles"), "", o.GetName(), body)
	}
	set(less)
	t.Cleanup(func() {
		ctx := context.Background()
		text, _ := json.Marshal(map[string]any{"rules": rules})
		_, _ = roles.Patch(ctx, o.GetName(), types.MergePatchType, text, metav1.PatchOptions{})
	})
}

// changeMeshConfig changes a revision's mesh configuration until the test ends, and
// returns the previous one.
func (l *lab) changeMeshConfig(t *testing.T, revision string, change func(mesh map[string]any)) string {
	t.Helper()
	m, err := l.core.ConfigMaps("istio-system").Get(t.Context(), "istio-"+revision, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	mesh := map[string]any{}
	if err := yaml.Unmarshal([]byte(m.Data["mesh"]), &mesh); err != nil {
		t.Fatal(err)
	}
	change(mesh)
	text, err := yaml.Marshal(mesh)
	if err != nil {
		t.Fatal(err)
	}
	l.setMeshConfig(t, revision, string(text))
	was := m.Data["mesh"]
	t.Cleanup(func() {
		text, _ := json.Marshal(map[string]any{"data": map[string]any{"mesh": was}})
		_, _ = l.core.ConfigMaps("istio-system").Patch(context.Background(), m.Name, types.MergePatchType, text, metav1.PatchOptions{})
	})
	return was
}

// setMeshConfig sets a revision's mesh configuration.
func (l *lab) setMeshConfig(t *testing.T, revision, text string) {
	t.Helper()
	l.patch(t, resource("", "v1", "configmaps"), "istio-system", "istio-"+revision, map[string]any{"data": map[string]any{"mesh": text}})
}

// createRevisionConfig creates, until the test ends, configuration that loses its effect
// in an upgrade.
func (l *lab) createRevisionConfig(t *testing.T) {
	t.Helper()
	filter := object("networking.istio.io/v1alpha3", "EnvoyFilter", "shop-core", "old-proxies")
	filter["spec"] = map[string]any{"configPatches": []any{map[string]any{
		"applyTo": "CLUSTER", "match": map[string]any{"context": "SIDECAR_OUTBOUND",
			"proxy": map[string]any{"proxyVersion": `^1\.29.*`}, "cluster": map[string]any{"name": "nobody"}},
		"patch": map[string]any{"operation": "MERGE", "value": map[string]any{"connect_timeout": "7s"}}}}}
	l.create(t, "envoyfilters", filter)
	narrow := object("networking.istio.io/v1", "Sidecar", "shop-core", "narrow")
	narrow["metadata"].(map[string]any)["labels"] = map[string]any{"istio.io/rev": oldRevision}
	narrow["spec"] = map[string]any{"egress": []any{map[string]any{"hosts": []any{"*/*"}}}}
	l.create(t, "sidecars", narrow)
}
