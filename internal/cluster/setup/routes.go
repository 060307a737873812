// SPDX-License-Identifier: Apache-2.0

package setup

import (
	"cmp"
	"context"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rerig/rerig/internal/cluster/client"
	"github.com/rerig/rerig/internal/cluster/istio"
	"github.com/rerig/rerig/internal/mesh"
)

// Routes reads what leads from gateways to backends: one list of each kind that is served.
// Routes.Unknown names the kinds that may not be listed.
func (r *Reader) Routes(ctx context.Context) (mesh.Routes, error) {
	var found routeObjects
	var unknown []string
	for _, kind := range istio.RouteKinds() {
		var list []routeObject
		err := r.listRoutes(ctx, kind, &list)
		switch {
		case apierrors.IsForbidden(err):
			unknown = append(unknown, kind.Name)
			continue
		case err != nil && !apierrors.IsNotFound(err):
			return mesh.Routes{}, client.ReadError(kind.Name, err)
		}
		for i := range list {
			list[i].api, list[i].resource = kind.Group == istio.APIGateways.Group, kind.Resource
		}
		found = append(found, list...)
	}
	routes := found.routes()
	routes.Unknown = unknown
	return routes, nil
}

// listRoutes lists the objects of a kind in the first version that is served.
func (r *Reader) listRoutes(ctx context.Context, kind istio.RouteKind, list *[]routeObject) error {
	var err error
	for _, version := range kind.Versions {
		pages := client.JSONPages[routeObject](r.api, "/apis", kind.Group, version, kind.Resource)
		err = client.List(ctx, metav1.ListOptions{}, pages, func() { *list = nil },
			func(page *client.Page[routeObject]) { *list = append(*list, page.Items...) })
		if !apierrors.IsNotFound(err) {
			return err
		}
	}
	return err
}

// routeObject is what is read of an object of any of istio.RouteKinds.
type routeObject struct {
	metav1.ObjectMeta `json:"metadata"`
	Spec              struct {
		Selector   map[string]string `json:"selector"` // of Istio's Gateway
		Addresses  []routeAddress    `json:"addresses"`
		Gateways   []string          `json:"gateways"` // of a VirtualService
		HTTP       []istioRoute      `json:"http"`
		TCP        []istioRoute      `json:"tcp"`
		TLS        []istioRoute      `json:"tls"`
		ParentRefs []routeRef        `json:"parentRefs"`
		Rules      []struct {
			BackendRefs []routeRef `json:"backendRefs"`
		} `json:"rules"`
	} `json:"spec"`

	api      bool // of the Gateway API
	resource string
}

// routeAddress is an address of a Gateway of the Gateway API.
type routeAddress struct {
	Type  string `json:"type"`
	Value string `json:"value"`
}

// istioRoute is a route of a VirtualService.
type istioRoute struct {
	Route []struct {
		Destination struct {
			Host string `json:"host"`
		} `json:"destination"`
	} `json:"route"`
	Delegate *objectName `json:"delegate"`
}

type objectName struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
}

// routeRef is a parent or a backend of a route of the Gateway API.
type routeRef struct {
	Group     *string `json:"group"`
	Kind      *string `json:"kind"`
	Namespace string  `json:"namespace"`
	Name      string  `json:"name"`
}

// groupKind is a kind and its API group.
type groupKind struct{ group, kind string }

// The kinds to which routes of the Gateway API refer.
var (
	parentGateway  = groupKind{group: istio.APIGateways.Group, kind: "Gateway"}
	backendService = groupKind{kind: "Service"}
	backendHost    = groupKind{group: istio.Gateways.Group, kind: "Hostname"}
)

// of returns the kind to which the reference leads.
func (r routeRef) of(byDefault groupKind) groupKind {
	if r.Group != nil {
		byDefault.group = *r.Group
	}
	if r.Kind != nil {
		byDefault.kind = *r.Kind
	}
	return byDefault
}

type routeObjects []routeObject

// routes returns the Gateways, and the routes that are attached to any.
func (list routeObjects) routes() mesh.Routes {
	var found mesh.Routes
	delegates := map[objectName]routeObject{}
	for _, o := range list {
		if o.resource == "virtualservices" {
			delegates[objectName{Namespace: o.Namespace, Name: o.Name}] = o
		}
	}
	for _, o := range list {
		var route mesh.Route
		switch {
		case o.resource == "gateways":
			found.Gateways = append(found.Gateways, o.gateway())
		case o.api:
			route = o.apiRoute()
		default:
			route = mesh.Route{Gateways: o.istioGateways(), Backends: o.istioBackends(delegates)}
		}
		if len(route.Gateways) > 0 && len(route.Backends) > 0 {
			found.Routes = append(found.Routes, route)
		}
	}
	return found
}

func (o routeObject) gateway() mesh.RouteGateway {
	g := mesh.RouteGateway{Selector: o.Spec.Selector, GatewayRef: mesh.GatewayRef{API: o.api, Namespace: o.Namespace, Name: o.Name}}
	for _, at := range o.Spec.Addresses {
		if service, is := serviceOf(at.Value, o.Namespace); is && at.Type == "Hostname" {
			g.Addresses = append(g.Addresses, service)
		}
	}
	return g
}

// istioGateways returns the Gateways of a VirtualService. Without any it is for sidecars alone.
func (o routeObject) istioGateways() []mesh.GatewayRef {
	var list []mesh.GatewayRef
	for _, text := range o.Spec.Gateways {
		namespace, name, qualified := strings.Cut(text, "/")
		if !qualified {
			namespace, name = o.Namespace, text
		}
		if text != "mesh" {
			list = append(list, mesh.GatewayRef{Namespace: namespace, Name: name})
		}
	}
	return list
}

// istioBackends returns the Services to which a VirtualService leads, also by those that it
// delegates to. These delegate no further (pilot/pkg/model/virtualservice.go @1.31.0).
func (o routeObject) istioBackends(delegates map[objectName]routeObject) []mesh.ServiceRef {
	var list []mesh.ServiceRef
	for _, r := range slices.Concat(o.Spec.HTTP, o.Spec.TCP, o.Spec.TLS) {
		for _, to := range r.Route {
			if service, is := serviceOf(to.Destination.Host, o.Namespace); is {
				list = append(list, service)
			}
		}
		if r.Delegate != nil {
			name := objectName{Namespace: cmp.Or(r.Delegate.Namespace, o.Namespace), Name: r.Delegate.Name}
			list = append(list, delegates[name].istioBackends(nil)...)
		}
	}
	return list
}

func (o routeObject) apiRoute() mesh.Route {
	var route mesh.Route
	for _, p := range o.Spec.ParentRefs {
		if p.of(parentGateway) == parentGateway {
			route.Gateways = append(route.Gateways, mesh.GatewayRef{API: true, Namespace: cmp.Or(p.Namespace, o.Namespace), Name: p.Name})
		}
	}
	for _, rule := range o.Spec.Rules {
		for _, b := range rule.BackendRefs {
			switch b.of(backendService) {
			case backendService:
				route.Backends = append(route.Backends, mesh.ServiceRef{Namespace: cmp.Or(b.Namespace, o.Namespace), Name: b.Name})
			case backendHost:
				if service, is := serviceOf(b.Name, o.Namespace); is {
					route.Backends = append(route.Backends, service)
				}
			}
		}
	}
	return route
}

// serviceOf returns the Service of a host: a name without dots in the object's own namespace,
// or NAME.NAMESPACE.svc with a domain.
func serviceOf(host, namespace string) (mesh.ServiceRef, bool) {
	parts := strings.Split(host, ".")
	switch {
	case host == "" || strings.HasPrefix(host, "*"):
		return mesh.ServiceRef{}, false
	case len(parts) == 1:
		return mesh.ServiceRef{Namespace: namespace, Name: host}, true
	}
	return mesh.ServiceRef{Namespace: parts[1], Name: parts[0]}, len(parts) > 3 && parts[2] == "svc"
}
