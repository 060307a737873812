// SPDX-License-Identifier: Apache-2.0

package setup

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"k8s.io/client-go/rest"
	"sigs.k8s.io/yaml"

	"github.com/rerig/rerig/internal/cluster/client"
	"github.com/rerig/rerig/internal/mesh"
)

// routeServer serves the objects of paths below /apis. A path of the forbidden ones is
// refused, and any other is not served.
func routeServer(t *testing.T, objects map[string]string, forbidden ...string) *Reader {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path := strings.TrimPrefix(r.URL.Path, "/apis/")
		text, served := objects[path]
		w.Header().Set("Content-Type", "application/json")
		switch {
		case slices.Contains(forbidden, path):
			w.WriteHeader(http.StatusForbidden)
			_, _ = w.Write([]byte(`{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Forbidden","code":403}`))
			return
		case !served:
			w.WriteHeader(http.StatusNotFound)
			_, _ = w.Write([]byte(`{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"NotFound","code":404}`))
			return
		}
		page := map[string]any{"metadata": map[string]any{}}
		var items []any
		for part := range strings.SplitSeq(text, "\n---\n") {
			var item any
			if err := yaml.Unmarshal([]byte(part), &item); err != nil {
				t.Error(err)
			}
			items = append(items, item)
		}
		page["items"] = items
		_ = json.NewEncoder(w).Encode(page)
	}))
	t.Cleanup(server.Close)
	api, err := client.New(&rest.Config{Host: server.URL, QPS: -1})
	if err != nil {
		t.Fatal(err)
	}
	return NewReader(api, "istio-system")
}

// routedWorld has an ingress gateway of each make, and three Services.
func routedWorld() mesh.World {
	service := func(name string) []mesh.Service {
		return []mesh.Service{{Name: name, Selector: map[string]string{"app": name}}}
	}
	w := mesh.World{Workloads: []mesh.Workload{
		{Kind: mesh.Deployment, Namespace: "istio-system", Name: "ingress", Gateway: true, Services: service("ingress"),
			Template: mesh.Template{Labels: map[string]string{"istio": "ingressgateway"}}},
		{Kind: mesh.Deployment, Namespace: "edge", Name: "front-istio", Gateway: true,
			Template: mesh.Template{Labels: map[string]string{mesh.GatewayLabel: "front", mesh.ManagedLabel: "istio.io-gateway-controller"}}},
		{Kind: mesh.Deployment, Namespace: "shop", Name: "web-v1", Services: service("web")},
		{Kind: mesh.Deployment, Namespace: "shop", Name: "web-v2", Services: service("web")},
		{Kind: mesh.StatefulSet, Namespace: "data", Name: "db", Services: service("db")},
	}}
	w.Sort()
	return w
}

const (
	istioGateways   = "networking.istio.io/v1/gateways"
	virtualServices = "networking.istio.io/v1/virtualservices"
	apiGateways     = "gateway.networking.k8s.io/v1/gateways"
	httpRoutes      = "gateway.networking.k8s.io/v1/httproutes"

	publicGateway = "metadata: {namespace: istio-system, name: public}\nspec: {selector: {istio: ingressgateway}}"
	frontGateway  = "metadata: {namespace: edge, name: front}\nspec: {gatewayClassName: istio}"
)

func TestRoutesLeadToWorkloads(t *testing.T) {
	const (
		toWeb1 = "Deployment istio-system/ingress -> Deployment shop/web-v1"
		toWeb2 = "Deployment istio-system/ingress -> Deployment shop/web-v2"
		toDB   = "Deployment istio-system/ingress -> StatefulSet data/db"
	)
	for _, c := range []struct {
		name    string
		objects map[string]string
		want    []string
	}{
		{"nothing is served", nil, nil},
		{"a host of the own namespace, two workloads", map[string]string{istioGateways: publicGateway, virtualServices: `
metadata: {namespace: shop, name: web}
spec: {gateways: [istio-system/public, mesh], http: [{route: [{destination: {host: web}}]}]}`}, []string{toWeb1, toWeb2}},
		{"full hosts, by TCP and TLS", map[string]string{istioGateways: publicGateway, virtualServices: `
metadata: {namespace: istio-system, name: db}
spec:
  gateways: [public]
  tcp: [{route: [{destination: {host: db.data.svc.cluster.local}}]}]
  tls: [{route: [{destination: {host: web.shop.svc.cluster.local}}]}]`}, []string{toWeb1, toWeb2, toDB}},
		{"an older version of the API", map[string]string{"networking.istio.io/v1beta1/gateways": publicGateway,
			"networking.istio.io/v1beta1/virtualservices": `
metadata: {namespace: data, name: db}
spec: {gateways: [istio-system/public], tcp: [{route: [{destination: {host: db}}]}]}`}, []string{toDB}},
		{"a delegate", map[string]string{istioGateways: publicGateway, virtualServices: `
metadata: {namespace: istio-system, name: root}
spec: {gateways: [public], http: [{delegate: {name: db, namespace: data}}]}
---
metadata: {namespace: data, name: db}
spec: {http: [{route: [{destination: {host: db}}]}]}`}, []string{toDB}},
		{"for sidecars alone", map[string]string{istioGateways: publicGateway, virtualServices: `
metadata: {namespace: shop, name: a}
spec: {http: [{route: [{destination: {host: web}}]}]}
---
metadata: {namespace: shop, name: b}
spec: {gateways: [mesh], http: [{route: [{destination: {host: web}}]}]}`}, nil},
		{"hosts that are no Service", map[string]string{istioGateways: publicGateway, virtualServices: `
metadata: {namespace: shop, name: out}
spec: {gateways: [istio-system/public], http: [{route: [{destination: {host: example.org}}, {destination: {host: web.shop}}]}]}`}, nil},
		{"another gateway's pods", map[string]string{
			istioGateways: "metadata: {namespace: shop, name: own}\nspec: {selector: {istio: other}}", virtualServices: `
metadata: {namespace: shop, name: web}
spec: {gateways: [own], http: [{route: [{destination: {host: web}}]}]}`}, nil},
		{"the Gateway API, deployed by istiod", map[string]string{apiGateways: frontGateway, httpRoutes: `
metadata: {namespace: shop, name: web}
spec:
  parentRefs: [{group: gateway.networking.k8s.io, kind: Gateway, namespace: edge, name: front}]
  rules: [{backendRefs: [{name: db, namespace: data, kind: Service, group: ""}]}]`},
			[]string{"Deployment edge/front-istio -> StatefulSet data/db"}},
		{"the Gateway API, by defaults and by host", map[string]string{apiGateways: frontGateway,
			"gateway.networking.k8s.io/v1/grpcroutes": `
metadata: {namespace: edge, name: db}
spec:
  parentRefs: [{name: front}]
  rules: [{backendRefs: [{group: networking.istio.io, kind: Hostname, name: db.data.svc.cluster.local}, {name: none}]}]`},
			[]string{"Deployment edge/front-istio -> StatefulSet data/db"}},
		{"the Gateway API, at a Service that exists", map[string]string{
			apiGateways: `
metadata: {namespace: edge, name: manual}
spec: {addresses: [{type: Hostname, value: ingress.istio-system.svc.cluster.local}]}`,
			"gateway.networking.k8s.io/v1alpha2/tlsroutes": `
metadata: {namespace: data, name: db}
spec: {parentRefs: [{name: manual, namespace: edge}], rules: [{backendRefs: [{name: db}]}]}`}, []string{toDB}},
		{"a route whose parent is a Service", map[string]string{apiGateways: frontGateway, httpRoutes: `
metadata: {namespace: edge, name: inner}
spec: {parentRefs: [{group: "", kind: Service, name: front}], rules: [{backendRefs: [{name: db, namespace: data}]}]}`}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			routes, err := routeServer(t, c.objects).Routes(t.Context())
			if err != nil || len(routes.Unknown) > 0 {
				t.Fatalf("got error %v and unknown %q, want none", err, routes.Unknown)
			}
			var got []string
			for _, hop := range routedWorld().Hops(routes) {
				got = append(got, string(hop.From)+" -> "+string(hop.To))
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestUnreadableRoutesAreUnknown(t *testing.T) {
	routes, err := routeServer(t, map[string]string{istioGateways: publicGateway}, httpRoutes, virtualServices).Routes(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"VirtualServices", "HTTPRoutes"}; !slices.Equal(routes.Unknown, want) {
		t.Errorf("unknown: got %q, want %q", routes.Unknown, want)
	}
	if len(routes.Gateways) != 1 {
		t.Errorf("gateways: got %d, want 1", len(routes.Gateways))
	}
}
