// SPDX-License-Identifier: Apache-2.0

package mesh

import (
	"cmp"
	"slices"
)

// Routes is the configuration of paths that begin at a gateway, as it is read for a plan.
type Routes struct {
	Gateways []RouteGateway
	Routes   []Route
	Unknown  []string // kinds that may not be listed: "HTTPRoutes"
}

// RouteGateway is a Gateway, of Istio or of the Gateway API.
type RouteGateway struct {
	GatewayRef
	Selector  map[string]string // of Istio's: the labels of its pods; none select each gateway
	Addresses []ServiceRef      // of the Gateway API: the Services of a gateway that istiod does not deploy
}

// GatewayRef names a Gateway.
type GatewayRef struct {
	API       bool // of the Gateway API
	Namespace string
	Name      string
}

// Route sends what enters at its Gateways to its backends.
type Route struct {
	Gateways []GatewayRef
	Backends []ServiceRef
}

// ServiceRef names a Service.
type ServiceRef struct {
	Namespace string
	Name      string
}

// Hop is a part of a path: from a gateway to a workload behind it.
type Hop struct {
	From WorkloadRef `json:"from"`
	To   WorkloadRef `json:"to"`
}

// Hops returns the hops from gateways to the workloads of the Services that their routes
// name, sorted, each once. A host that is no Service has no workload.
func (w World) Hops(r Routes) []Hop {
	behind := map[ServiceRef][]WorkloadRef{}
	var gateways []Workload
	for _, wl := range w.Workloads {
		for _, s := range wl.Services {
			ref := ServiceRef{Namespace: wl.Namespace, Name: s.Name}
			behind[ref] = append(behind[ref], wl.Ref())
		}
		if wl.Gateway {
			gateways = append(gateways, wl)
		}
	}
	serving := map[GatewayRef][]WorkloadRef{}
	for _, g := range r.Gateways {
		for _, wl := range gateways {
			if g.servedBy(wl) {
				serving[g.GatewayRef] = append(serving[g.GatewayRef], wl.Ref())
			}
		}
	}
	found := map[Hop]bool{}
	for _, route := range r.Routes {
		for _, g := range route.Gateways {
			for _, from := range serving[g] {
				for _, backend := range route.Backends {
					for _, to := range behind[backend] {
						found[Hop{From: from, To: to}] = from != to
					}
				}
			}
		}
	}
	var hops []Hop
	for hop, is := range found {
		if is {
			hops = append(hops, hop)
		}
	}
	slices.SortFunc(hops, func(a, b Hop) int { return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To)) })
	return hops
}

// servedBy reports whether the proxies of a workload serve the Gateway. Those of Istio select
// pods of all namespaces, unless PILOT_SCOPE_GATEWAY_TO_NAMESPACE is set
// (pilot/pkg/model/push_context.go @1.31.0).
func (g RouteGateway) servedBy(wl Workload) bool {
	if !g.API {
		for key, value := range g.Selector {
			if wl.Template.Labels[key] != value {
				return false
			}
		}
		return true
	}
	if wl.Namespace == g.Namespace && wl.ForGateway() && wl.Template.Labels[GatewayLabel] == g.Name {
		return true
	}
	return slices.ContainsFunc(g.Addresses, func(at ServiceRef) bool {
		return at.Namespace == wl.Namespace && slices.ContainsFunc(wl.Services, func(s Service) bool { return s.Name == at.Name })
	})
}
