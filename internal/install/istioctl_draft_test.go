// SPDX-License-Identifier: Apache-2.0

package install

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/rerig/rerig/internal/install/process/processtest"
)

func testInstaller(t *testing.T, istioctl string) IstioctlInstaller {
	t.Helper()
	file, err := ReadIstioOperator("testdata/default.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return IstioctlInstaller{Operator: file, Istioctl: istioctl}
}

func TestIstioctlDraftDescribesInstall(t *testing.T) {
	i := testInstaller(t, fakeIstioctl(t, ""))
	i.Cluster = fakeCluster(defaultTag(),
		withProxy(object("apps/v1", "Deployment", "istio-system", "istio-ingressgateway", revisionLabel, "1-29-1", versionLabel, "1.29.1"),
			"docker.io/lab/proxyv2:1.29.1"),
		object("apiextensions.k8s.io/v1", "CustomResourceDefinition", "", "gateways.networking.istio.io", componentLabel, "Base", versionLabel,
			"1.29.1", revisionLabel, "1-29-1"),
	)
	d, err := i.Draft(t.Context(), "1-31-0", "")
	if err != nil {
		t.Fatal(err)
	}
	want := Draft{
		Revision: "1-31-0", Version: "1.31.0", By: i.Istioctl + ", version 1.31.0",
		Namespace: "istio-system", Image: "docker.io/lab/pilot:1.31.0", Objects: 4,
		OmittedGateways: []Object{{Kind: "Deployment", Namespace: "istio-system", Name: "istio-ingressgateway", Component: "IngressGateways",
			Present: true, Revision: "1-29-1", Version: "1.29.1"}},
		InPlace: []Object{{Kind: "CustomResourceDefinition", Name: "gateways.networking.istio.io", Component: "Base", Present: true,
			Revision: "1-29-1", Version: "1.29.1"}},
		Created: []Object{{Kind: "ServiceAccount", Namespace: "istio-system", Name: "istio-reader-service-account", Component: "Base"}},
		Notes:   []string{"the file sets hub or tag; the istiod image is docker.io/lab/pilot:1.31.0"},
	}
	if diff := cmp.Diff(want, d, cmpopts.IgnoreFields(Draft{}, "File", "Permissions", "Istioctl", "Rendered", "Manifest")); diff != "" {
		t.Error(diff)
	}
	compareGolden(t, "testdata/default-ingress.golden", d.File)
}

func TestIstioctlDraftRefuses(t *testing.T) {
	const crd = "apiextensions.k8s.io/v1"
	old := object(admission, "MutatingWebhookConfiguration", "", "istio-sidecar-injector", revisionLabel, "default", "app",
		"sidecar-injector")
	left := object(admission, "MutatingWebhookConfiguration", "", "istio-sidecar-injector-1-30-0", revisionLabel, "1-30-0", "app",
		"sidecar-injector")
	more := object(admission, "MutatingWebhookConfiguration", "", "istio-sidecar-injector-1-29-1", revisionLabel, "1-29-1", "app",
		"sidecar-injector")
	prod := object(admission, "MutatingWebhookConfiguration", "", "istio-revision-tag-prod", revisionLabel, "1-29-1", tagLabel, "prod")
	with := func(change func(*IstioctlInstaller)) IstioctlInstaller {
		i := testInstaller(t, fakeIstioctl(t, ""))
		i.Cluster = fakeCluster(defaultTag(), prod)
		change(&i)
		return i
	}
	tests := []struct {
		name              string
		installer         IstioctlInstaller
		revision, version string
		fault             string
	}{
		{name: "a bad name", installer: with(func(*IstioctlInstaller) {}), revision: "1.31.0", fault: "Did you mean"},
		{name: "no file", installer: with(func(i *IstioctlInstaller) { i.Operator = IstioOperator{} }), revision: "1-31-0",
			fault: "no IstioOperator file was given"},
		{name: "no istioctl", installer: with(func(i *IstioctlInstaller) { i.Istioctl = "/nowhere/istioctl" }), revision: "1-31-0",
			fault: "/nowhere/istioctl"},
		{name: "another istioctl", installer: with(func(*IstioctlInstaller) {}), revision: "1-31-0", version: "1.30.0",
			fault: "has version 1.31.0, but the plan installs 1.30.0"},
		{name: "no istiod of that name", installer: with(func(*IstioctlInstaller) {}), revision: "canary",
			fault: "no Deployment istiod-canary"},
		{name: "a tag that would move", installer: with(func(i *IstioctlInstaller) { i.Istioctl = fakeIstioctl(t, "", "tag.yaml") }),
			revision: "1-31-0", fault: "values.revisionTags would point MutatingWebhookConfiguration istio-revision-tag-prod (now 1-29-1)"},
		{name: "no default tag", installer: with(func(i *IstioctlInstaller) { i.Cluster = fakeCluster(old) }), revision: "1-31-0",
			fault: "istioctl tag set default --revision default"},
		{name: "no default tag, and more than one revision", installer: with(func(i *IstioctlInstaller) { i.Cluster = fakeCluster(old, left) }),
			revision: "1-31-0", fault: "istioctl tag set default --revision default`"},
		{name: "no default tag, and one revision with a name", installer: with(func(i *IstioctlInstaller) { i.Cluster = fakeCluster(left) }),
			revision: "1-31-0", fault: "istioctl tag set default --revision 1-30-0`"},
		{name: "no default tag, and two with names", installer: with(func(i *IstioctlInstaller) { i.Cluster = fakeCluster(left, more) }),
			revision: "1-31-0", fault: "--revision REVISION`, with one of 1-29-1, 1-30-0"},
		{name: "newer CRDs, of istioctl's", installer: with(func(i *IstioctlInstaller) {
			i.Cluster = fakeCluster(defaultTag(),
				object(crd, "CustomResourceDefinition", "", "gateways.networking.istio.io", versionLabel, "1.32.0"))
		}), revision: "1-31-0", fault: "from 1.32.0 to 1.31.0 (gateways.networking.istio.io)"},
		{name: "newer CRDs, of Helm's", installer: with(func(i *IstioctlInstaller) {
			i.Cluster = fakeCluster(defaultTag(), object(crd, "CustomResourceDefinition", "", "gateways.networking.istio.io", "helm.sh/chart",
				"base-1.31.1"))
		}), revision: "1-31-0", fault: "spec.components.base.enabled: false"},
		{name: "a render that fails", installer: with(func(i *IstioctlInstaller) {
			i.Istioctl = processtest.WriteScript(t, `[ "$1" = version ] &&
				echo '{"clientVersion":{"version":"1.31.0"}}' || { echo bad thing >&2; exit 1; }`)
		}), revision: "1-31-0", fault: "bad thing"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := tt.installer.Draft(t.Context(), tt.revision, tt.version)
			if err == nil || !strings.Contains(err.Error(), tt.fault) {
				t.Errorf("got %v, want an error with %q", err, tt.fault)
			}
		})
	}
}

func TestFirstControlPlaneBecomesDefault(t *testing.T) {
	i := testInstaller(t, fakeIstioctl(t, ""))
	i.Cluster = fakeCluster()
	d, err := i.Draft(t.Context(), "1-31-0", "")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(strings.Join(d.Notes, "\n"), "makes it the default") {
		t.Errorf("notes: %q", d.Notes)
	}
	if d.OmittedGateways[0].CurrentState() != "does not exist yet" || len(d.InPlace) != 0 {
		t.Errorf("left out %+v, in place %+v", d.OmittedGateways, d.InPlace)
	}
}

func TestDraftRefusesServingRevisionOfOtherVersion(t *testing.T) {
	istiod := object("apps/v1", "Deployment", "istio-system", "istiod-1-31-0", revisionLabel, "1-31-0", versionLabel, "1.30.3")
	i := testInstaller(t, fakeIstioctl(t, ""))
	i.Cluster = fakeCluster(defaultTag(), istiod)
	d, err := i.Draft(t.Context(), "1-31-0", "")
	const want = "Deployment istio-system/istiod-1-31-0 exists (now 1-31-0, version 1.30.3) and is replaced in place"
	if err != nil || !slices.Contains(d.Notes, want) {
		t.Errorf("one that serves nobody: %v, notes %q", err, d.Notes)
	}
	istiod.Object["status"] = map[string]any{"readyReplicas": int64(1)}
	i.Cluster = fakeCluster(defaultTag(), istiod)
	_, err = i.Draft(t.Context(), "1-31-0", "")
	if err == nil || !strings.Contains(err.Error(), "Everything that it serves would be upgraded in place") {
		t.Errorf("one that serves: %v", err)
	}
	istiod.SetLabels(map[string]string{revisionLabel: "1-31-0", versionLabel: "1.31.0"})
	i.Cluster = fakeCluster(defaultTag(), istiod)
	if _, err := i.Draft(t.Context(), "1-31-0", ""); err != nil {
		t.Errorf("one that serves in the same version: %v", err)
	}
}

func TestOnlyGatewaysAreRemoved(t *testing.T) {
	istiod := object("apps/v1", "Deployment", "istio-system", "istiod-1-31-0", componentLabel, "Pilot")
	changed := istiod.DeepCopy()
	changed.SetAnnotations(map[string]string{"a": "b"})
	gateway := object("apps/v1", "Deployment", "istio-system", "istio-ingressgateway", componentLabel, "IngressGateways")
	values := object("v1", "ConfigMap", "istio-system", "values-1-31-0")
	values.Object["data"] = map[string]any{"merged-values": `{"gateways":{"a":{"enabled":true}},"revision":"1-31-0"}`}
	disabled := values.DeepCopy()
	disabled.Object["data"] = map[string]any{"merged-values": `{"gateways":{"a":{"enabled":false}},"revision":"1-31-0"}`}
	other := values.DeepCopy()
	other.Object["data"] = map[string]any{"merged-values": `{"revision":"x"}`}
	tests := []struct {
		name      string
		all, rest []any
		fault     string
	}{
		{name: "only the gateway went", all: []any{istiod, gateway, values}, rest: []any{istiod, disabled}},
		{name: "it is still there", all: []any{istiod, gateway}, rest: []any{istiod, gateway}, fault: "istio-ingressgateway is still there"},
		{name: "another one went", all: []any{istiod, gateway}, fault: "istiod-1-31-0 was removed"},
		{name: "another one came", all: []any{gateway}, rest: []any{istiod}, fault: "istiod-1-31-0 was added"},
		{name: "another one changed", all: []any{istiod, gateway}, rest: []any{changed}, fault: "istiod-1-31-0 changed"},
		{name: "other values changed", all: []any{values, gateway}, rest: []any{other}, fault: "values-1-31-0 changed"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := checkOnlyGatewaysRemoved(manifestOf(tt.all...), manifestOf(tt.rest...))
			if tt.fault == "" && err != nil || tt.fault != "" && (err == nil || !strings.Contains(err.Error(), tt.fault)) {
				t.Errorf("got %v, want %q", err, tt.fault)
			}
		})
	}
}

func TestGatewayOfNoComponent(t *testing.T) {
	stray := withProxy(object("apps/v1", "Deployment", "edge", "mine"), "x")
	if _, err := gatewaysByComponent(manifestOf(stray)); err == nil || !strings.Contains(err.Error(), "Deployment edge/mine") {
		t.Errorf("%v", err)
	}
}
