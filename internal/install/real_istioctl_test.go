// SPDX-License-Identifier: Apache-2.0

package install

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// realIstioctl is the istioctl of a version, VERSION/istioctl in the directory
// that RERIG_TEST_ISTIOCTL_DIR names.
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

// Whatever the profile is called: its gateways are found in what the real
// istioctl renders, and go, and nothing else does.
func TestRealDraftLeavesGatewaysOut(t *testing.T) {
	const lists = `{ingressGateways: [{name: istio-ingressgateway}, {name: inner, namespace: inner, label: {app: inner, istio: inner}}]}`
	for name, c := range map[string]struct {
		spec string
		left []string
	}{
		"default":  {"profile: default", []string{"istio-system/istio-ingressgateway"}},
		"unnamed":  {"hub: docker.io/lab", []string{"istio-system/istio-ingressgateway"}},
		"demo":     {"profile: demo", []string{"istio-system/istio-egressgateway", "istio-system/istio-ingressgateway"}},
		"minimal":  {"profile: minimal", nil},
		"ambient":  {"profile: ambient", nil},
		"listed":   {"profile: minimal\n  components: " + lists, []string{"inner/inner", "istio-system/istio-ingressgateway"}},
		"by value": {"profile: minimal\n  values: {gateways: {istio-ingressgateway: {enabled: true}}}", []string{"istio-system/istio-ingressgateway"}},
		"injected": {"profile: default\n  values: {gateways: {istio-ingressgateway: {injectionTemplate: gateway}}}", []string{"istio-system/istio-ingressgateway"}},
		"patched in": {"profile: minimal\n  unvalidatedValues: {gateways: {istio-egressgateway: {enabled: true}}}\n  components: {egressGateways: [{name: out}]}",
			[]string{"istio-system/out"}},
	} {
		for _, version := range istioctlVersions(name) {
			t.Run(name+"/"+version, func(t *testing.T) {
				i := IstioctlInstaller{Istioctl: realIstioctl(t, version)}
				i.Operator = parseOperator(t, "apiVersion: install.istio.io/v1alpha1\nkind: IstioOperator\nspec:\n  tag: "+version+"\n  "+c.spec+"\n")
				d, err := i.Draft(t.Context(), RevisionName(version), "")
				if err != nil {
					t.Fatal(err)
				}
				var left []string
				for _, o := range d.OmittedGateways {
					left = append(left, o.Namespace+"/"+o.Name)
				}
				if diff := cmp.Diff(c.left, left); diff != "" {
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
	}
}

// istioctlVersions: one of the older istioctl is enough to see that both agree.
func istioctlVersions(name string) []string {
	if name == "listed" {
		return []string{"1.29.1", "1.31.0"}
	}
	return []string{"1.31.0"}
}

func TestRealDraftRefuses(t *testing.T) {
	for name, c := range map[string]struct{ spec, fault string }{
		"a field that istioctl does not know": {"profile: minimal\n  colour: red", "colour"},
		"a profile that is not there":         {"profile: huge", "huge"},
		"a profile without istiod":            {"profile: empty", "no Deployment istiod-1-31-0"},
		"an image of another version":         {"profile: minimal\n  components: {pilot: {tag: 1.29.1}}", "but the plan names version 1.31.0"},
	} {
		t.Run(name, func(t *testing.T) {
			i := IstioctlInstaller{Istioctl: realIstioctl(t, "1.31.0")}
			i.Operator = parseOperator(t, "apiVersion: install.istio.io/v1alpha1\nkind: IstioOperator\nspec:\n  hub: docker.io/lab\n  "+c.spec+"\n")
			_, err := i.Draft(t.Context(), "1-31-0", "")
			if err == nil || !strings.Contains(err.Error(), c.fault) {
				t.Errorf("%v; want a fault with %q", err, c.fault)
			}
			t.Log(err)
		})
	}
}

func TestRealDraftOfAmbientNamesWhatIsShared(t *testing.T) {
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
	for _, want := range []string{"DaemonSet istio-system/istio-cni-node", "DaemonSet istio-system/ztunnel", "ServiceAccount istio-system/istio-reader-service-account"} {
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
