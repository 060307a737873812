// SPDX-License-Identifier: Apache-2.0

package install

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/rerig/rerig/internal/install/process/processtest"
	"github.com/rerig/rerig/internal/mesh"
)

// installedGateway is a gateway that istioctl installed.
func installedGateway(name, component string) mesh.Workload {
	return mesh.Workload{
		Kind: mesh.Deployment, Namespace: "istio-system", Name: name, Gateway: true, Template: mesh.Template{Proxy: true},
		Installed: mesh.InstalledGateway{Operator: "v1-29-1", Component: component, Revision: "1-29-1"},
	}
}

// The IstioOperator of one gateway has everything of the user's but its profile and its other
// components.
func TestOperatorOfOneGateway(t *testing.T) {
	operator := parseOperator(t, readTestdata(t, "gateways-operator.yaml"))
	for _, c := range []struct {
		golden string
		wl     mesh.Workload
	}{
		{golden: "gateway-ingress.golden", wl: installedGateway("istio-ingressgateway", "IngressGateways")},
		{golden: "gateway-egress.golden", wl: installedGateway("istio-egressgateway", "EgressGateways")},
		{golden: "gateway-unlisted.golden", wl: installedGateway("other", "IngressGateways")},
	} {
		t.Run(c.golden, func(t *testing.T) {
			derived, err := operator.OnlyGateway(c.wl, "1-31-0")
			if err != nil {
				t.Fatal(err)
			}
			text, err := derived.YAML()
			if err != nil {
				t.Fatal(err)
			}
			compareGolden(t, filepath.Join("testdata", c.golden), text)
		})
	}
	if _, err := operator.OnlyGateway(installedGateway("x", "IngressGateways"), "1-30-0"); err == nil ||
		!strings.Contains(err.Error(), `sets revision "1-31-0"`) {
		t.Errorf("another revision: got %v, want an error", err)
	}
}

func readTestdata(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// gatewayObjects are the objects of a gateway as istioctl renders them.
func gatewayObjects() []*unstructured.Unstructured {
	const labels = componentLabel
	deployment := object("apps/v1", "Deployment", "istio-system", "istio-ingressgateway", labels, "IngressGateways")
	deployment.Object["spec"] = map[string]any{
		"selector": map[string]any{"matchLabels": map[string]any{"app": "istio-ingressgateway"}},
		"template": map[string]any{
			"metadata": map[string]any{"annotations": map[string]any{"istio.io/rev": "1-31-0"}},
			"spec": map[string]any{"serviceAccountName": "istio-ingressgateway-service-account", "containers": []any{
				map[string]any{"name": "istio-proxy", "image": "docker.io/lab/proxyv2:1.31.0"}}},
		},
	}
	service := object("v1", "Service", "istio-system", "istio-ingressgateway", labels, "IngressGateways")
	service.Object["spec"] = map[string]any{
		"selector": map[string]any{"app": "istio-ingressgateway"},
		"ports":    []any{map[string]any{"name": "http2", "port": int64(80), "targetPort": int64(8080)}},
	}
	return []*unstructured.Unstructured{deployment, service,
		object("v1", "ServiceAccount", "istio-system", "istio-ingressgateway-service-account", labels, "IngressGateways"),
		object("policy/v1", "PodDisruptionBudget", "istio-system", "istio-ingressgateway", labels, "IngressGateways")}
}

// gatewayIstioctl renders one manifest of a complete file, and another of the profile empty.
func gatewayIstioctl(t *testing.T, all, alone []*unstructured.Unstructured) string {
	t.Helper()
	write := func(list []*unstructured.Unstructured) string {
		var text strings.Builder
		for _, o := range list {
			content, err := yaml.Marshal(o.Object)
			if err != nil {
				t.Fatal(err)
			}
			text.WriteString("---\n" + string(content))
		}
		path := filepath.Join(t.TempDir(), "manifest.yaml")
		if err := os.WriteFile(path, []byte(text.String()), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	return processtest.WriteScript(t, `if [ "$1" = version ]; then
		echo '{"clientVersion":{"version":"1.31.0"}}'
	elif grep -q 'profile: empty'; then
		cat `+write(alone)+`
	else
		cat `+write(all)+`
	fi`)
}

// The template is that of the gateway's Deployment in what istioctl renders of it alone.
func TestGatewayTemplateIsRendered(t *testing.T) {
	i := IstioctlInstaller{Operator: parseOperator(t, readTestdata(t, "gateways-operator.yaml"))}
	i.Istioctl = gatewayIstioctl(t, gatewayObjects(), gatewayObjects())
	wl := installedGateway("istio-ingressgateway", "IngressGateways")
	d, err := i.DraftGateway(t.Context(), wl, "1-31-0", "")
	if err != nil {
		t.Fatal(err)
	}
	var template map[string]any
	if err := json.Unmarshal(d.Template, &template); err != nil {
		t.Fatal(err)
	}
	if nestedString(template, "metadata", "annotations", "istio.io/rev") != "1-31-0" || d.Operator != "rerig-gateway-istio-ingressgateway" ||
		len(d.Rendered) != 12 || !strings.Contains(d.File, "profile: empty") {
		t.Errorf("got %+v with template %v", d, template)
	}
	changed := gatewayObjects()
	changed[3].SetLabels(map[string]string{componentLabel: "IngressGateways", "more": "x"})
	i.Istioctl = gatewayIstioctl(t, changed, changed)
	other, err := i.DraftGateway(t.Context(), wl, "1-31-0", "")
	if err != nil || other.Rendered == d.Rendered {
		t.Errorf("another budget: got digest %s, %v, want another than %s", other.Rendered, err, d.Rendered)
	}
}

// A gateway is refused whose template cannot be rendered so that nothing but its pods changes, and
// so that it stays.
func TestGatewayDraftRefuses(t *testing.T) {
	with := func(change func(deployment, service *unstructured.Unstructured)) []*unstructured.Unstructured {
		list := gatewayObjects()
		change(list[0], list[1])
		return list
	}
	set := func(o *unstructured.Unstructured, value any, path ...string) {
		if err := unstructured.SetNestedField(o.Object, value, path...); err != nil {
			t.Fatal(err)
		}
	}
	surge := with(func(d, _ *unstructured.Unstructured) { set(d, int64(3), "spec", "replicas") })
	istiod := append(gatewayObjects(), object("apps/v1", "Deployment", "istio-system", "istiod-1-31-0"))
	old := with(func(d, _ *unstructured.Unstructured) {
		set(d, []any{map[string]any{"name": "istio-proxy", "image": "docker.io/lab/proxyv2:1.30.0"}}, "spec", "template", "spec", "containers")
	})
	for _, c := range []struct {
		name       string
		all, alone []*unstructured.Unstructured
		live       []*unstructured.Unstructured
		change     func(*IstioctlInstaller)
		wantText   string
	}{
		{name: "no file", change: func(i *IstioctlInstaller) { i.Operator = IstioOperator{} }, wantText: "Name the target's with --operator"},
		{name: "not in the file", all: gatewayObjects()[1:], wantText: "does not have that gateway. Add it to spec.components"},
		{name: "not by its entry", alone: gatewayObjects()[1:], wantText: "Add an entry with its name there"},
		{name: "an istiod as well", all: istiod, alone: istiod, wantText: "also renders Deployment istio-system/istiod-1-31-0"},
		{name: "by its profile", alone: surge, wantText: "depends on the profile of the IstioOperator file"},
		{name: "an image of another version", all: old, alone: old, wantText: "proxyv2:1.30.0, but the plan names version 1.31.0"},
		{name: "another istioctl", change: func(i *IstioctlInstaller) {
			i.Istioctl = processtest.WriteScript(t, `echo '{"clientVersion":{"version":"1.30.0"}}'`)
		}, wantText: "has version 1.30.0, but the plan installs 1.31.0"},
		{name: "a new Service", live: gatewayObjects()[:1], wantText: "Service istio-system/istio-ingressgateway, which does not exist"},
		{name: "another port of its Service", live: with(func(_, s *unstructured.Unstructured) {
			set(s, []any{map[string]any{"name": "http2", "port": int64(81), "targetPort": int64(8080)}}, "spec", "ports")
		}), wantText: "with spec.ports"},
		{name: "another type of its Service", live: with(func(_, s *unstructured.Unstructured) { set(s, "NodePort", "spec", "type") }),
			wantText: `with spec.type "ClusterIP", and it has "NodePort". A move must not change it`},
		{name: "another selector of its Service", live: with(func(_, s *unstructured.Unstructured) { set(s, "x", "spec", "selector", "istio") }),
			wantText: "with spec.selector"},
		{name: "another ServiceAccount", live: with(func(d, s *unstructured.Unstructured) {
			set(s, "ClusterIP", "spec", "type")
			set(d, "mine", "spec", "template", "spec", "serviceAccountName")
		}), wantText: "with spec.template.spec.serviceAccountName"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.all == nil {
				c.all = gatewayObjects()
			}
			if c.alone == nil {
				c.alone = gatewayObjects()
			}
			i := IstioctlInstaller{Operator: parseOperator(t, readTestdata(t, "gateways-operator.yaml"))}
			i.Istioctl = gatewayIstioctl(t, c.all, c.alone)
			if c.live != nil {
				i.Cluster = fakeCluster(c.live...)
			}
			if c.change != nil {
				c.change(&i)
			}
			_, err := i.DraftGateway(t.Context(), installedGateway("istio-ingressgateway", "IngressGateways"), "1-31-0", "1.31.0")
			if err == nil || !strings.Contains(err.Error(), c.wantText) ||
				!strings.Contains(err.Error(), "template of Deployment istio-system/istio-ingressgateway") {
				t.Errorf("got %v, want an error with %q", err, c.wantText)
			}
		})
	}
}
