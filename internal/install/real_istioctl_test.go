// SPDX-License-Identifier: Apache-2.0

package install

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// realIstioctl returns the istioctl of a version: VERSION/istioctl in the directory that
// RERIG_TEST_ISTIOCTL_DIR names.
func realIstioctl(t *testing.T, version string) string {
	t.Helper()
	dir := os.Getenv("RERIG_TEST_ISTIOCTL_DIR")
	if dir == "" {
		t.Skip("RERIG_TEST_ISTIOCTL_DIR is not set: no real istioctl to try")
	}
	path := filepath.Join(dir, version, "istioctl")
	if _, err := os.Stat(path); err != nil {
		t.Skipf("no istioctl of %s to try: %v", version, err)
	}
	return path
}

// The gateways of every profile are found in the real istioctl's manifest, and only they are
// removed.
func TestRealDraftLeavesGatewaysOut(t *testing.T) {
	const lists = `{ingressGateways: [{name: istio-ingressgateway}, {name: inner, namespace: inner, label: {app: inner, istio: inner}}]}`
	tests := []struct {
		name string
		spec string
		left []string
	}{
		{name: "default", spec: "profile: default", left: []string{"istio-system/istio-ingressgateway"}},
		{name: "unnamed", spec: "hub: docker.io/lab", left: []string{"istio-system/istio-ingressgateway"}},
		{name: "demo", spec: "profile: demo", left: []string{"istio-system/istio-egressgateway", "istio-system/istio-ingressgateway"}},
		{name: "minimal", spec: "profile: minimal"},
		{name: "ambient", spec: "profile: ambient"},
		{name: "listed", spec: "profile: minimal\n  components: " + lists, left: []string{"inner/inner", "istio-system/istio-ingressgateway"}},
		{name: "by value", spec: "profile: minimal\n  values: {gateways: {istio-ingressgateway: {enabled: true}}}",
			left: []string{"istio-system/istio-ingressgateway"}},
		{name: "injected", spec: "profile: default\n  values: {gateways: {istio-ingressgateway: {injectionTemplate: gateway}}}",
			left: []string{"istio-system/istio-ingressgateway"}},
		{name: "patched in", spec: "profile: minimal\n  unvalidatedValues: {gateways: {istio-egressgateway: {enabled: true}}}\n  " +
			"components: {egressGateways: [{name: out}]}",
			left: []string{"istio-system/out"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, version := range istioctlVersions(tt.name) {
				t.Run(version, func(t *testing.T) {
					i := IstioctlInstaller{Istioctl: realIstioctl(t, version)}
					i.Operator = parseOperator(t,
						"apiVersion: install.istio.io/v1alpha1\nkind: IstioOperator\nspec:\n  tag: "+version+"\n  "+tt.spec+"\n")
					d, err := i.Draft(t.Context(), RevisionName(version), "")
					if err != nil {
						t.Fatal(err)
					}
					var left []string
					for _, o := range d.OmittedGateways {
						left = append(left, o.Namespace+"/"+o.Name)
					}
					if diff := cmp.Diff(tt.left, left); diff != "" {
						t.Errorf("left out:\n%s", diff)
					}
					manifest, err := i.render(t.Context(), d.Istioctl, parseOperator(t, d.File))
					if err != nil {
						t.Fatal(err)
					}
					if len(manifest) != d.Objects || d.Objects < 20 {
						t.Errorf("the derived file renders %d objects, the draft says %d", len(manifest), d.Objects)
					}
					for _, o := range manifest {
						if isGateway(o) {
							t.Errorf("%s is still there", objectOf(o))
						}
					}
				})
			}
		})
	}
}

// istioctlVersions returns the versions to test a case with. One case with both shows that they
// agree.
func istioctlVersions(name string) []string {
	if name == "listed" {
		return []string{"1.29.1", "1.31.0"}
	}
	return []string{"1.31.0"}
}

func TestRealDraftRefuses(t *testing.T) {
	tests := []struct {
		name        string
		spec, fault string
	}{
		{name: "a field that istioctl does not know", spec: "profile: minimal\n  colour: red", fault: "colour"},
		{name: "a profile that is not there", spec: "profile: huge", fault: "huge"},
		{name: "a profile without istiod", spec: "profile: empty", fault: "no Deployment istiod-1-31-0"},
		{name: "an image of another version", spec: "profile: minimal\n  components: {pilot: {tag: 1.29.1}}",
			fault: "but the plan names version 1.31.0"},
	}
	for _, tt := range tests {

		t.Run(tt.name, func(t *testing.T) {
			i := IstioctlInstaller{Istioctl: realIstioctl(t, "1.31.0")}
			i.Operator = parseOperator(t,
				"apiVersion: install.istio.io/v1alpha1\nkind: IstioOperator\nspec:\n  hub: docker.io/lab\n  "+tt.spec+"\n")
			_, err := i.Draft(t.Context(), "1-31-0", "")
			if err == nil || !strings.Contains(err.Error(), tt.fault) {
				t.Errorf("got %v, want an error with %q", err, tt.fault)
			}
			t.Log(err)
		})
	}
}

func TestRealAmbientDraftListsSharedObjects(t *testing.T) {
	i := IstioctlInstaller{Istioctl: realIstioctl(t, "1.31.0")}
	i.Operator = parseOperator(t, "apiVersion: install.istio.io/v1alpha1\nkind: IstioOperator\nspec: {profile: ambient, tag: 1.31.0}")
	d, err := i.Draft(t.Context(), "1-31-0", "")
	if err != nil {
		t.Fatal(err)
	}
	var shared []string
	for _, o := range d.InPlace {
		if o.Kind != "CustomResourceDefinition" {
			shared = append(shared, o.String())
		}
	}
	t.Log(d.Image, d.Objects, len(d.InPlace), d.Notes)
	for _, want := range []string{"DaemonSet istio-system/istio-cni-node", "DaemonSet istio-system/ztunnel",
		"ServiceAccount istio-system/istio-reader-service-account"} {
		if !strings.Contains(strings.Join(shared, "\n"), want) {
			t.Errorf("%s is not among what is shared: %q", want, shared)
		}
	}
	for _, o := range shared {
		if strings.Contains(o, "1-31-0") {
			t.Errorf("%s is the revision's own", o)
		}
	}
}

// Objects outside of the control plane and references to the old revision are found in the manifests of the
// real istioctl, and no others.
func TestRealReferencesAreFound(t *testing.T) {
	const overlay = "profile: ambient\n  components: {pilot: {k8s: {" +
		"hpaSpec: {maxReplicas: 5, minReplicas: 2, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: istiod-1-29-1}}, " +
		"podDisruptionBudget: {minAvailable: 1, selector: {matchLabels: {app: istiod}}}}}}"
	for _, tt := range []struct {
		name, spec       string
		references, pods []string
	}{
		{name: "minimal", spec: "profile: minimal"},
		{name: "demo", spec: "profile: demo"},
		{name: "openshift", spec: "profile: openshift", pods: []string{"DaemonSet kube-system/istio-cni-node"}},
		{name: "CNI", spec: "profile: minimal\n  components: {cni: {enabled: true}}", pods: []string{"DaemonSet istio-system/istio-cni-node"}},
		{name: "ambient", spec: overlay, references: []string{
			"HorizontalPodAutoscaler istio-system/istiod-1-31-0 spec.scaleTargetRef.name: istiod-1-29-1",
			"PodDisruptionBudget istio-system/istiod-1-31-0 selects the pods of Deployment istio-system/istiod",
			"PodDisruptionBudget istio-system/istiod-1-31-0 selects the pods of Deployment istio-system/istiod-1-29-1",
		}, pods: []string{"DaemonSet istio-system/istio-cni-node", "DaemonSet istio-system/ztunnel"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			i := IstioctlInstaller{Istioctl: realIstioctl(t, "1.31.0")}
			i.Operator = parseOperator(t,
				"apiVersion: install.istio.io/v1alpha1\nkind: IstioOperator\nspec:\n  hub: docker.io/lab\n  tag: 1.31.0\n  "+tt.spec+"\n")
			drafted, err := i.Draft(t.Context(), "1-31-0", "")
			if err != nil {
				t.Fatal(err)
			}
			d := Draft{Revision: "1-31-0", Version: "1.31.0", Namespace: "istio-system"}
			cluster := clusterReader{client: fakeCluster(liveIstiod(t, "istio-system", "1-29-1"), liveIstiod(t, "istio-system", "default"))}
			if err := d.compareWithCluster(t.Context(), cluster, drafted.Manifest); err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, r := range d.References {
				got = append(got, r.Object.String()+" "+r.Field)
			}
			slices.Sort(got)
			if diff := cmp.Diff(tt.references, got); diff != "" {
				t.Errorf("references (-want +got):\n%s", diff)
			}
			var pods []string
			for _, o := range d.Created {
				if strings.Contains(o.Name, "1-31-0") {
					t.Errorf("%s is the revision's own", o)
				}
				if o.Pods != "" {
					pods = append(pods, o.String())
				}
			}
			slices.Sort(pods)
			if diff := cmp.Diff(tt.pods, pods); diff != "" {
				t.Errorf("objects with pods (-want +got):\n%s", diff)
			}
		})
	}
}
