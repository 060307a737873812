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
		hook   = object(admission, "MutatingWebhookConfiguration", "", "istio-sidecar-injector-1-31-0", pilot...)
		istiod = object("apps/v1", "Deployment", "istio-system", "istiod-1-31-0", pilot...)
		role   = object(rbac, "ClusterRole", "", "istiod-clusterrole-1-31-0-istio-system", pilot...)
		crd    = object("apiextensions.k8s.io/v1", "CustomResourceDefinition", "", "gateways.networking.istio.io", revisionLabel, "1-31-0",
			componentLabel, "Base")
		old     = object("apps/v1", "Deployment", "istio-system", "istiod-1-29-1", revisionLabel, "1-29-1", componentLabel, "Pilot")
		gateway = withProxy(object("apps/v1", "Deployment", "istio-system", "istio-ingressgateway", revisionLabel, "1-31-0", componentLabel,
			"IngressGateways"), "x/proxyv2:1.31.0")
		cni = object("apps/v1", "DaemonSet", "istio-system", "istio-cni-node", revisionLabel, "1-31-0", componentLabel, "Cni")
		tag = object(admission, "MutatingWebhookConfiguration", "", "istio-revision-tag-prod", revisionLabel, "1-31-0", componentLabel,
			"Pilot", tagLabel, "prod")
	)
	tests := []struct {
		name                string
		there               []*unstructured.Unstructured
		own, needed, remove []string
	}{
		{name: "nothing", there: []*unstructured.Unstructured{old, crd}},
		{name: "a complete control plane", there: []*unstructured.Unstructured{old, crd, hook, istiod, role},
			own: []string{"MutatingWebhookConfiguration istio-sidecar-injector-1-31-0", "ClusterRole istiod-clusterrole-1-31-0-istio-system",
				"Deployment istio-system/istiod-1-31-0"},
			remove: []string{"/opt/istioctl uninstall --revision 1-31-0 --context lab"}},
		{name: "half a one, which istioctl does not find", there: []*unstructured.Unstructured{istiod, role},
			own: []string{"ClusterRole istiod-clusterrole-1-31-0-istio-system", "Deployment istio-system/istiod-1-31-0"},
			remove: []string{
				"kubectl delete --ignore-not-found --context lab --namespace istio-system deployment/istiod-1-31-0",
				"kubectl delete --ignore-not-found --context lab clusterrole/istiod-clusterrole-1-31-0-istio-system",
			}},
		{name: "beside what traffic needs", there: []*unstructured.Unstructured{hook, istiod, gateway, cni, tag},
			own: []string{"MutatingWebhookConfiguration istio-sidecar-injector-1-31-0", "Deployment istio-system/istiod-1-31-0"},
			needed: []string{"MutatingWebhookConfiguration istio-revision-tag-prod", "Deployment istio-system/istio-ingressgateway",
				"DaemonSet istio-system/istio-cni-node"},
			remove: []string{
				"kubectl delete --ignore-not-found --context lab --namespace istio-system deployment/istiod-1-31-0",
				"kubectl delete --ignore-not-found --context lab mutatingwebhookconfiguration/istio-sidecar-injector-1-31-0",
			}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			i := IstioctlInstaller{Cluster: fakeCluster(tt.there...), Istioctl: "/opt/istioctl", Context: "lab"}
			left, err := i.Leftovers(t.Context(), "1-31-0")
			if err != nil {
				t.Errorf("%v", err)
			}
			for _, o := range left.Shared {
				if o.String() != "CustomResourceDefinition gateways.networking.istio.io" {
					t.Errorf("%s counts as shared", o)
				}
			}
			if diff := cmp.Diff([][]string{tt.own, tt.needed, tt.remove},
				[][]string{objectNames(left.Own), objectNames(left.Needed), left.RemoveCommands}); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestFailureListsLeftoversAndRemedy(t *testing.T) {
	i := testInstaller(t, fakeIstioctl(t, "cat >/dev/null; echo waiting; echo it broke >&2; exit 1"))
	i.Cluster = fakeCluster(defaultTag(),
		object("apps/v1", "Deployment", "istio-system", "istiod-1-31-0", revisionLabel, "1-31-0", componentLabel, "Pilot"),
		object("apiextensions.k8s.io/v1", "CustomResourceDefinition", "", "gateways.networking.istio.io", revisionLabel, "1-31-0",
			componentLabel, "Base"),
		object("apiextensions.k8s.io/v1", "CustomResourceDefinition", "", "sidecars.networking.istio.io", revisionLabel, "1-31-0",
			componentLabel, "Base"))
	err := i.Install(t.Context(), "1-31-0", "")
	failure, ok := errors.AsType[*Failure](err)
	if !ok {
		t.Fatalf("ended with %v", err)
	}
	for _, want := range []string{"install revision 1-31-0", "exit status 1", "it broke", "Deployment istio-system/istiod-1-31-0",
		"2 CustomResourceDefinition objects", "kubectl delete"} {
		if !strings.Contains(failure.Error(), want) {
			t.Errorf("it does not say %q:\n%v", want, failure)
		}
	}
}

func TestInstallPassesDerivedOperator(t *testing.T) {
	var logged []string
	i := testInstaller(t, fakeIstioctl(t, `cat; echo "$@"`))
	i.Kubeconfig, i.Context, i.Log = "/etc/kube", "lab", func(line string) { logged = append(logged, line) }
	if err := i.Install(t.Context(), "1-31-0", ""); err != nil {
		t.Fatal(err)
	}
	d, err := i.Draft(t.Context(), "1-31-0", "")
	if err != nil {
		t.Fatal(err)
	}
	want := d.File + "install -f - --skip-confirmation --readiness-timeout 5m0s --kubeconfig /etc/kube --context lab"
	if diff := cmp.Diff(want, strings.Join(logged, "\n")); diff != "" {
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
