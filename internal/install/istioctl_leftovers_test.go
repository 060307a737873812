// SPDX-License-Identifier: Apache-2.0

package install

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

func TestLeftovers(t *testing.T) {
	const rbac = "rbac.authorization.k8s.io/v1"
	pilot := []string{revisionLabel, "1-31-0", componentLabel, "Pilot"}
	var (
		hook    = object(admission, "MutatingWebhookConfiguration", "", "istio-sidecar-injector-1-31-0", pilot...)
		istiod  = object("apps/v1", "Deployment", "istio-system", "istiod-1-31-0", pilot...)
		role    = object(rbac, "ClusterRole", "", "istiod-clusterrole-1-31-0-istio-system", pilot...)
		crd     = object("apiextensions.k8s.io/v1", "CustomResourceDefinition", "", "gateways.networking.istio.io", revisionLabel, "1-31-0", componentLabel, "Base")
		old     = object("apps/v1", "Deployment", "istio-system", "istiod-1-29-1", revisionLabel, "1-29-1", componentLabel, "Pilot")
		gateway = withProxy(object("apps/v1", "Deployment", "istio-system", "istio-ingressgateway", revisionLabel, "1-31-0", componentLabel, "IngressGateways"), "x/proxyv2:1.31.0")
		cni     = object("apps/v1", "DaemonSet", "istio-system", "istio-cni-node", revisionLabel, "1-31-0", componentLabel, "Cni")
		tag     = object(admission, "MutatingWebhookConfiguration", "", "istio-revision-tag-prod", revisionLabel, "1-31-0", componentLabel, "Pilot", tagLabel, "prod")
	)
	for name, c := range map[string]struct {
		there               []*unstructured.Unstructured
		own, needed, remove []string
	}{
		"nothing": {[]*unstructured.Unstructured{old, crd}, nil, nil, nil},
		"a whole control plane": {[]*unstructured.Unstructured{old, crd, hook, istiod, role},
			[]string{"MutatingWebhookConfiguration istio-sidecar-injector-1-31-0", "ClusterRole istiod-clusterrole-1-31-0-istio-system", "Deployment istio-system/istiod-1-31-0"}, nil,
			[]string{"/opt/istioctl uninstall --revision 1-31-0 --context lab"}},
		"half a one, which istioctl does not find": {[]*unstructured.Unstructured{istiod, role},
			[]string{"ClusterRole istiod-clusterrole-1-31-0-istio-system", "Deployment istio-system/istiod-1-31-0"}, nil,
			[]string{
				"kubectl delete --ignore-not-found --context lab --namespace istio-system deployment/istiod-1-31-0",
				"kubectl delete --ignore-not-found --context lab clusterrole/istiod-clusterrole-1-31-0-istio-system",
			}},
		"beside what traffic needs": {[]*unstructured.Unstructured{hook, istiod, gateway, cni, tag},
			[]string{"MutatingWebhookConfiguration istio-sidecar-injector-1-31-0", "Deployment istio-system/istiod-1-31-0"},
			[]string{"MutatingWebhookConfiguration istio-revision-tag-prod", "Deployment istio-system/istio-ingressgateway", "DaemonSet istio-system/istio-cni-node"},
			[]string{
				"kubectl delete --ignore-not-found --context lab --namespace istio-system deployment/istiod-1-31-0",
				"kubectl delete --ignore-not-found --context lab mutatingwebhookconfiguration/istio-sidecar-injector-1-31-0",
			}},
	} {
		i := IstioctlInstaller{Cluster: fakeCluster(c.there...), Istioctl: "/opt/istioctl", Context: "lab"}
		left, err := i.Leftovers(t.Context(), "1-31-0")
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for _, o := range left.Shared {
			if o.String() != "CustomResourceDefinition gateways.networking.istio.io" {
				t.Errorf("%s: %s counts as shared", name, o)
			}
		}
		if diff := cmp.Diff([][]string{c.own, c.needed, c.remove}, [][]string{objectNames(left.Own), objectNames(left.Needed), left.RemoveCommands}); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
}

func TestFailureSaysWhatHappenedAndWhatToDo(t *testing.T) {
	i := testInstaller(t, fakeIstioctl(t, "cat >/dev/null; echo waiting; echo it broke >&2; exit 1"))
	i.Cluster = fakeCluster(defaultTag(), object("apps/v1", "Deployment", "istio-system", "istiod-1-31-0", revisionLabel, "1-31-0", componentLabel, "Pilot"),
		object("apiextensions.k8s.io/v1", "CustomResourceDefinition", "", "gateways.networking.istio.io", revisionLabel, "1-31-0", componentLabel, "Base"),
		object("apiextensions.k8s.io/v1", "CustomResourceDefinition", "", "sidecars.networking.istio.io", revisionLabel, "1-31-0", componentLabel, "Base"))
	err := i.Install(t.Context(), "1-31-0", "")
	failure, ok := errors.AsType[*Failure](err)
	if !ok {
		t.Fatalf("ended with %v", err)
	}
	for _, want := range []string{"install revision 1-31-0", "exit status 1", "it broke", "Deployment istio-system/istiod-1-31-0", "2 of kind CustomResourceDefinition", "kubectl delete"} {
		if !strings.Contains(failure.Error(), want) {
			t.Errorf("it does not say %q:\n%v", want, failure)
		}
	}
}

func TestInstallGivesIstioctlTheDerivedFile(t *testing.T) {
	var heard []string
	i := testInstaller(t, fakeIstioctl(t, `cat; echo "$@"`))
	i.Kubeconfig, i.Context, i.Log = "/etc/kube", "lab", func(line string) { heard = append(heard, line) }
	if err := i.Install(t.Context(), "1-31-0", ""); err != nil {
		t.Fatal(err)
	}
	d, err := i.Draft(t.Context(), "1-31-0", "")
	if err != nil {
		t.Fatal(err)
	}
	want := d.File + "install -f - --skip-confirmation --readiness-timeout 5m0s --kubeconfig /etc/kube --context lab"
	if diff := cmp.Diff(want, strings.Join(heard, "\n")); diff != "" {
		t.Error(diff)
	}
}

func objectNames(objects []Object) []string {
	var list []string
	for _, o := range objects {
		list = append(list, o.String())
	}
	return list
}
