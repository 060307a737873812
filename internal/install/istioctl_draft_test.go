// SPDX-License-Identifier: Apache-2.0

package install

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func testInstaller(t *testing.T, istioctl string) IstioctlInstaller {
	t.Helper()
	file, err := ReadIstioOperator("testdata/default.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return IstioctlInstaller{Operator: file, Istioctl: istioctl}
}

func TestDraftSaysWhatAnInstallWouldDo(t *testing.T) {
	i := testInstaller(t, fakeIstioctl(t, ""))
	i.Cluster = fakeCluster(defaultTag(),
		withProxy(object("apps/v1", "Deployment", "istio-system", "istio-ingressgateway", revisionLabel, "1-29-1", versionLabel, "1.29.1"), "docker.io/lab/proxyv2:1.29.1"),
		object("apiextensions.k8s.io/v1", "CustomResourceDefinition", "", "gateways.networking.istio.io", componentLabel, "Base", versionLabel, "1.29.1", revisionLabel, "1-29-1"),
	)
	d, err := i.Draft(t.Context(), "1-31-0", "")
	if err != nil {
		t.Fatal(err)
	}
	want := Draft{
		Revision: "1-31-0", Version: "1.31.0", By: i.Istioctl + ", version 1.31.0",
		Namespace: "istio-system", Image: "docker.io/lab/pilot:1.31.0", Objects: 4,
		OmittedGateways: []Object{{Kind: "Deployment", Namespace: "istio-system", Name: "istio-ingressgateway", Component: "IngressGateways", Present: true, Revision: "1-29-1", Version: "1.29.1"}},
		InPlace:         []Object{{Kind: "CustomResourceDefinition", Name: "gateways.networking.istio.io", Component: "Base", Present: true, Revision: "1-29-1", Version: "1.29.1"}},
		Notes:           []string{"the file sets its own hub or tag; istiod comes from docker.io/lab/pilot:1.31.0"},
	}
	if diff := cmp.Diff(want, d, cmpopts.IgnoreFields(Draft{}, "File", "Needs", "Istioctl")); diff != "" {
		t.Error(diff)
	}
	compareGolden(t, "testdata/default-ingress.golden", d.File)
}

func TestDraftRefuses(t *testing.T) {
	old := object(admission, "MutatingWebhookConfiguration", "", "istio-sidecar-injector", revisionLabel, "default", "app", "sidecar-injector")
	left := object(admission, "MutatingWebhookConfiguration", "", "istio-sidecar-injector-1-30-0", revisionLabel, "1-30-0", "app", "sidecar-injector")
	more := object(admission, "MutatingWebhookConfiguration", "", "istio-sidecar-injector-1-29-1", revisionLabel, "1-29-1", "app", "sidecar-injector")
	prod := object(admission, "MutatingWebhookConfiguration", "", "istio-revision-tag-prod", revisionLabel, "1-29-1", tagLabel, "prod")
	with := func(change func(*IstioctlInstaller)) IstioctlInstaller {
		i := testInstaller(t, fakeIstioctl(t, ""))
		i.Cluster = fakeCluster(defaultTag(), prod)
		change(&i)
		return i
	}
	for name, c := range map[string]struct {
		installer         IstioctlInstaller
		revision, version string
		fault             string
	}{
		"a bad name":             {with(func(*IstioctlInstaller) {}), "1.31.0", "", "did you mean"},
		"no file":                {with(func(i *IstioctlInstaller) { i.Operator = IstioOperator{} }), "1-31-0", "", "there is no IstioOperator file"},
		"no istioctl":            {with(func(i *IstioctlInstaller) { i.Istioctl = "/nowhere/istioctl" }), "1-31-0", "", "/nowhere/istioctl"},
		"another istioctl":       {with(func(*IstioctlInstaller) {}), "1-31-0", "1.30.0", "is version 1.31.0, but the plan installs 1.30.0"},
		"no istiod of that name": {with(func(*IstioctlInstaller) {}), "canary", "", "no Deployment istiod-canary"},
		"a tag that would move":  {with(func(i *IstioctlInstaller) { i.Istioctl = fakeIstioctl(t, "", "tag.yaml") }), "1-31-0", "", "values.revisionTags would point MutatingWebhookConfiguration istio-revision-tag-prod, now 1-29-1"},
		"no default tag":         {with(func(i *IstioctlInstaller) { i.Cluster = fakeCluster(old) }), "1-31-0", "", "istioctl tag set default --revision default"},
		"no default tag, and more than one revision":   {with(func(i *IstioctlInstaller) { i.Cluster = fakeCluster(old, left) }), "1-31-0", "", "istioctl tag set default --revision default`"},
		"no default tag, and one revision with a name": {with(func(i *IstioctlInstaller) { i.Cluster = fakeCluster(left) }), "1-31-0", "", "istioctl tag set default --revision 1-30-0`"},
		"no default tag, and two with names":           {with(func(i *IstioctlInstaller) { i.Cluster = fakeCluster(left, more) }), "1-31-0", "", "--revision REVISION`, with the one of 1-29-1, 1-30-0 that"},
		"newer CRDs, of istioctl's": {with(func(i *IstioctlInstaller) {
			i.Cluster = fakeCluster(defaultTag(), object("apiextensions.k8s.io/v1", "CustomResourceDefinition", "", "gateways.networking.istio.io", versionLabel, "1.32.0"))
		}), "1-31-0", "", "back from 1.32.0 to 1.31.0 (gateways.networking.istio.io)"},
		"newer CRDs, of Helm's": {with(func(i *IstioctlInstaller) {
			i.Cluster = fakeCluster(defaultTag(), object("apiextensions.k8s.io/v1", "CustomResourceDefinition", "", "gateways.networking.istio.io", "helm.sh/chart", "base-1.31.1"))
		}), "1-31-0", "", "spec.components.base.enabled: false"},
		"a render that fails": {with(func(i *IstioctlInstaller) {
			i.Istioctl = writeScript(t, `[ "$1" = version ] && echo '{"clientVersion":{"version":"1.31.0"}}' || { echo bad thing >&2; exit 1; }`)
		}), "1-31-0", "", "bad thing"},
	} {
		_, err := c.installer.Draft(t.Context(), c.revision, c.version)
		if err == nil || !strings.Contains(err.Error(), c.fault) {
			t.Errorf("%s: %v; want a fault with %q", name, err, c.fault)
		}
	}
}

func TestDraftInAnEmptyClusterSaysThatItBecomesTheDefault(t *testing.T) {
	i := testInstaller(t, fakeIstioctl(t, ""))
	i.Cluster = fakeCluster()
	d, err := i.Draft(t.Context(), "1-31-0", "")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(strings.Join(d.Notes, "\n"), "makes this one the default") {
		t.Errorf("notes: %q", d.Notes)
	}
	if d.OmittedGateways[0].CurrentState() != "not there yet" || len(d.InPlace) != 0 {
		t.Errorf("left out %+v, in place %+v", d.OmittedGateways, d.InPlace)
	}
}

func TestDraftRefusesANameThatServesInAnotherVersion(t *testing.T) {
	istiod := object("apps/v1", "Deployment", "istio-system", "istiod-1-31-0", revisionLabel, "1-31-0", versionLabel, "1.30.3")
	i := testInstaller(t, fakeIstioctl(t, ""))
	i.Cluster = fakeCluster(defaultTag(), istiod)
	d, err := i.Draft(t.Context(), "1-31-0", "")
	if want := "Deployment istio-system/istiod-1-31-0 is there already, now 1-31-0, version 1.30.3: it is replaced in place"; err != nil || !slices.Contains(d.Notes, want) {
		t.Errorf("one that serves nobody: %v, notes %q", err, d.Notes)
	}
	istiod.Object["status"] = map[string]any{"readyReplicas": int64(1)}
	i.Cluster = fakeCluster(defaultTag(), istiod)
	if _, err := i.Draft(t.Context(), "1-31-0", ""); err == nil || !strings.Contains(err.Error(), "used again everything that it serves would be upgraded in place") {
		t.Errorf("one that serves: %v", err)
	}
	istiod.SetLabels(map[string]string{revisionLabel: "1-31-0", versionLabel: "1.31.0"})
	i.Cluster = fakeCluster(defaultTag(), istiod)
	if _, err := i.Draft(t.Context(), "1-31-0", ""); err != nil {
		t.Errorf("one that serves in the same version: %v", err)
	}
}

func TestOnlyGatewaysLeft(t *testing.T) {
	istiod := object("apps/v1", "Deployment", "istio-system", "istiod-1-31-0", componentLabel, "Pilot")
	changed := istiod.DeepCopy()
	changed.SetAnnotations(map[string]string{"a": "b"})
	gateway := object("apps/v1", "Deployment", "istio-system", "istio-ingressgateway", componentLabel, "IngressGateways")
	values := object("v1", "ConfigMap", "istio-system", "values-1-31-0")
	values.Object["data"] = map[string]any{"merged-values": `{"gateways":{"a":{"enabled":true}},"revision":"1-31-0"}`}
	kept := values.DeepCopy()
	kept.Object["data"] = map[string]any{"merged-values": `{"gateways":{"a":{"enabled":false}},"revision":"1-31-0"}`}
	other := values.DeepCopy()
	other.Object["data"] = map[string]any{"merged-values": `{"revision":"x"}`}
	for name, c := range map[string]struct {
		all, rest []any
		fault     string
	}{
		"only the gateway went": {[]any{istiod, gateway, values}, []any{istiod, kept}, ""},
		"it is still there":     {[]any{istiod, gateway}, []any{istiod, gateway}, "istio-ingressgateway is still in it"},
		"another one went":      {[]any{istiod, gateway}, nil, "istiod-1-31-0 went out of it"},
		"another one came":      {[]any{gateway}, []any{istiod}, "istiod-1-31-0 came into it"},
		"another one changed":   {[]any{istiod, gateway}, []any{changed}, "istiod-1-31-0 changed"},
		"other values changed":  {[]any{values, gateway}, []any{other}, "values-1-31-0 changed"},
	} {
		err := checkOnlyGatewaysRemoved(manifestOf(c.all...), manifestOf(c.rest...))
		if c.fault == "" && err != nil || c.fault != "" && (err == nil || !strings.Contains(err.Error(), c.fault)) {
			t.Errorf("%s: %v; want %q", name, err, c.fault)
		}
	}
}

func TestGatewayOfNoComponent(t *testing.T) {
	stray := withProxy(object("apps/v1", "Deployment", "edge", "mine"), "x")
	if _, err := gatewaysByComponent(manifestOf(stray)); err == nil || !strings.Contains(err.Error(), "Deployment edge/mine") {
		t.Errorf("%v", err)
	}
}
