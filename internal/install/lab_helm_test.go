// SPDX-License-Identifier: Apache-2.0

//go:build unix

package install

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"helm.sh/helm/v4/pkg/action"
	"helm.sh/helm/v4/pkg/kube"
	"helm.sh/helm/v4/pkg/release/common"
	release "helm.sh/helm/v4/pkg/release/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// helmRevision is the one that labHelm installs and uninstalls.
const helmRevision = "by-helm"

// labHelm tests installs by Helm beside istioctl's: draft, failure, repetition, uninstall.
func labHelm(t *testing.T, on IstioctlInstaller) {
	config, err := clientcmd.BuildConfigFromFlags("", on.Kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	config.QPS, config.Burst = 50, 100
	i := HelmInstaller{Chart: Chart{Ref: realChart(t, "1.31.0")}, RevisionsInUse: []string{"1-29-1"}, Root: "istio-system", Config: config,
		Cluster: on.Cluster,
		Timeout: 3 * time.Minute, Log: func(line string) { t.Log(line) }}
	everybody := i
	t.Cleanup(func() { uninstall(t, everybody) })

	d, err := i.Draft(t.Context(), helmRevision, "")
	if err != nil {
		t.Fatal(err)
	}
	notes := strings.Join(d.Notes, "\n")
	if d.Inherited == nil || d.Inherited.From != "ConfigMap istio-system/values-1-29-1" || len(d.InPlace) > 0 {
		t.Errorf("draft %+v", d)
	}
	for _, want := range []string{"the CRDs are older than Istio 1.31.0", "trafficextensions.extensions.istio.io (missing)",
		"global.tag (1.29.1)"} {
		if !strings.Contains(notes, want) {
			t.Errorf("the notes do not say %q:\n%s", want, notes)
		}
	}

	i = withPermissions(t, i, d.Permissions)
	broken := i
	broken.Timeout, broken.Chart.Values = 8*time.Second, map[string]any{"global": map[string]any{"hub": "docker.io/nobody"}}
	ended := broken.Install(t.Context(), helmRevision, "")
	failure, ok := errors.AsType[*Failure](ended)
	if !ok || !errors.Is(failure, errNotReady) ||
		!strings.Contains(failure.Error(), "Deployment istio-system/istiod-by-helm: 0 of 1 ready (ImagePullBackOff: ") ||
		!strings.Contains(failure.Advice(), "helm uninstall istiod-by-helm --namespace istio-system") {
		t.Fatalf("it ended with %v", ended)
	}
	for version := 2; version < 4; version++ { // mended, and repeated when it is there
		if err := i.Install(t.Context(), helmRevision, ""); err != nil {
			t.Fatal(err)
		}
		if r := currentRelease(t, i); r.Version != version || r.Info.Status != common.StatusDeployed ||
			r.Labels[releaseRevisionLabel] != helmRevision {
			t.Errorf("release %d is %s, labels %v; want %d", r.Version, r.Info.Status, r.Labels, version)
		}
	}
	hook, err := on.Cluster.Resource(validators).Get(t.Context(), "istio-validator-by-helm-istio-system", metav1.GetOptions{})
	if err != nil || !hasCABundle(hook) {
		t.Errorf("what istiod wrote into its validator did not outlive the repetition: %v", err)
	}
	t.Run("with the chart base", func(t *testing.T) { labBase(t, everybody) })
}

// withPermissions returns the installer of a user with exactly the permissions of the draft, and
// the verbs escalate and bind.
func withPermissions(t *testing.T, i HelmInstaller, needs []Permission) HelmInstaller {
	t.Helper()
	var rules []any
	for _, n := range needs {
		rules = append(rules, map[string]any{"apiGroups": []any{n.Group}, "resources": []any{n.Resource}, "verbs": []any{n.Verb}})
	}
	rules = append(rules, map[string]any{"apiGroups": []any{"rbac.authorization.k8s.io"}, "resources": []any{"roles", "clusterroles"},
		"verbs": []any{"escalate", "bind"}})
	role, binding := object(rbac, "ClusterRole", "", "helm-user"), object(rbac, "ClusterRoleBinding", "", "helm-user")
	role.Object["rules"] = rules
	binding.Object["roleRef"] = map[string]any{"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "helm-user"}
	binding.Object["subjects"] = []any{map[string]any{"kind": "User", "name": "helm-user", "apiGroup": "rbac.authorization.k8s.io"}}
	for plural, o := range map[string]*unstructured.Unstructured{"clusterroles": role, "clusterrolebindings": binding} {
		r := i.Cluster.Resource(schema.GroupVersionResource{Group: "rbac.authorization.k8s.io", Version: "v1", Resource: plural})
		_ = r.Delete(t.Context(), o.GetName(), metav1.DeleteOptions{}) // of somebody who was permitted before
		if _, err := r.Create(t.Context(), o, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = r.Delete(context.Background(), o.GetName(), metav1.DeleteOptions{}) })
	}
	i.Config = rest.CopyConfig(i.Config)
	i.Config.Impersonate.UserName = "helm-user"
	var err error
	if i.Cluster, err = dynamic.NewForConfig(i.Config); err != nil {
		t.Fatal(err)
	}
	// The API server learns of a new role a moment later.
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		if _, err := i.Cluster.Resource(deploymentResource).Namespace(i.Root).List(t.Context(), metav1.ListOptions{}); err == nil {
			break
		}
	}
	return i
}

const rbac = "rbac.authorization.k8s.io/v1"

func currentRelease(t *testing.T, i HelmInstaller) (r *release.Release) {
	t.Helper()
	helm, err := i.actionConfig(i.Root)
	if err != nil {
		t.Fatal(err)
	}
	if r, err = latestRelease(helm, ReleaseName(helmRevision)); err != nil || r == nil {
		t.Fatalf("the release: %v, %v", r, err)
	}
	return r
}

func uninstall(t *testing.T, i HelmInstaller) {
	helm, err := i.actionConfig(i.Root)
	if err != nil {
		t.Fatal(err)
	}
	u := action.NewUninstall(helm)
	u.WaitStrategy, u.Timeout = kube.LegacyStrategy, time.Minute
	if _, err := u.Run(ReleaseName(helmRevision)); err != nil {
		t.Error(err)
	}
}
