// SPDX-License-Identifier: Apache-2.0

package swap

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// renderKeeper renders the Service that keeps the listeners of a workload's parked pods:
// a proxy drops its listeners when no Service selects its pod, while callers still send
// to it. It is headless, so that nothing is sent through it.
func renderKeeper(wl mesh.Workload, run string) (step.Change, error) {
	name := keeperName(wl.Ref())
	if wl.ForGateway() {
		return renderKeeperEntry(wl, name, run)
	}
	spec := map[string]any{"clusterIP": "None", "selector": map[string]any{KeepLabel: name}, "ports": keeperPorts(wl.Services)}
	if wl.Gateway {
		spec["publishNotReadyAddresses"] = true // a gateway keeps its listeners while it drains
	}
	body, err := json.Marshal(map[string]any{
		"apiVersion": "v1", "kind": "Service",
		"metadata": map[string]any{"name": name, "namespace": wl.Namespace,
			"labels":      map[string]any{KeepLabel: name},
			"annotations": map[string]any{SwapAnnotation: encodeMark(mesh.Swap{Workload: wl.Ref(), Run: run})}},
		"spec": spec,
	})
	if err != nil {
		return step.Change{}, fmt.Errorf("render the keeper of %s: %w", wl.Ref(), err)
	}
	return step.Change{Verb: step.Create, Kind: "Service", Namespace: wl.Namespace, Name: name, Owner: run, Patch: body}, nil
}

// renderKeeperEntry renders the ServiceEntry that keeps the listeners of the parked pods of a
// gateway that istiod deploys: its configuration follows the host name of the Gateway's
// Service, which no other Service has. istiod gives that Service the Deployment's name.
func renderKeeperEntry(wl mesh.Workload, name, run string) (step.Change, error) {
	var ports []map[string]any
	i := slices.IndexFunc(wl.Services, func(s mesh.Service) bool { return s.Name == wl.Name })
	if i < 0 {
		return step.Change{}, step.NewFault(step.Step{Kind: step.Swap, Subject: step.Subject(wl.Ref())}, "its Gateway has no Service")
	}
	for _, p := range wl.Services[i].Ports {
		name := fmt.Sprintf("port-%d", p.Number)
		ports = append(ports, map[string]any{"number": p.Number, "name": name, "protocol": entryProtocol(p)})
	}
	body, err := json.Marshal(map[string]any{
		"apiVersion": "networking.istio.io/v1", "kind": "ServiceEntry",
		"metadata": map[string]any{"name": name, "namespace": wl.Namespace,
			"labels":      map[string]any{KeepLabel: name},
			"annotations": map[string]any{SwapAnnotation: encodeMark(mesh.Swap{Workload: wl.Ref(), Run: run})}},
		"spec": map[string]any{
			"hosts": []string{wl.Name + "." + wl.Namespace + ".svc.cluster.local"}, "exportTo": []string{"."},
			"location": "MESH_INTERNAL", "resolution": "STATIC",
			"ports": ports, "workloadSelector": map[string]any{"labels": map[string]any{KeepLabel: name}},
		},
	})
	if err != nil {
		return step.Change{}, fmt.Errorf("render the keeper of %s: %w", wl.Ref(), err)
	}
	return step.Change{Verb: step.Create, Kind: "ServiceEntry", Namespace: wl.Namespace, Name: name, Owner: run, Patch: body}, nil
}

// entryProtocol returns a port's protocol as a ServiceEntry names it.
func entryProtocol(p mesh.Port) string {
	name := strings.ToUpper(strings.TrimSuffix(protocolOf(cmp.Or(p.AppProtocol, p.Name)), "-"))
	if slices.Contains([]string{"HTTP", "HTTPS", "HTTP2", "GRPC", "TLS"}, name) {
		return name
	}
	return "TCP"
}

// keeperPort is a port in a Service's spec.
type keeperPort struct {
	Name        string `json:"name"`
	Port        int    `json:"port"`
	TargetPort  any    `json:"targetPort"`
	Protocol    string `json:"protocol"`
	AppProtocol string `json:"appProtocol,omitempty"`
}

// keeperPorts returns the ports of all Services, each target once. Names and numbers
// that two of them share are replaced; the protocol in a name stays.
func keeperPorts(services []mesh.Service) []keeperPort {
	var list []keeperPort
	for _, s := range services {
		for _, p := range s.Ports {
			k := keeperPort{Name: p.Name, Port: p.Number, TargetPort: target(p.Target), Protocol: p.Protocol, AppProtocol: p.AppProtocol}
			if slices.ContainsFunc(list, func(o keeperPort) bool { return o.TargetPort == k.TargetPort && o.Protocol == k.Protocol }) {
				continue
			}
			for n := 1; slices.ContainsFunc(list, func(o keeperPort) bool { return o.Port == k.Port && o.Protocol == k.Protocol }); n++ {
				k.Port = n
			}
			for n := 1; k.Name == "" || slices.ContainsFunc(list, func(o keeperPort) bool { return o.Name == k.Name }); n++ {
				k.Name = protocolOf(p.Name) + strconv.Itoa(n)
			}
			list = append(list, k)
		}
	}
	return list
}

// target returns a port's number where it is one, else its name.
func target(s string) any {
	if n, err := strconv.Atoi(s); err == nil {
		return n
	}
	return s
}

// protocolOf returns the part of a port's name by which Istio knows its protocol, with a
// dash. Istio detects the protocol of a port without one.
func protocolOf(name string) string {
	protocol, _, _ := strings.Cut(name, "-")
	if protocol == "" {
		protocol = "kept"
	}
	return protocol + "-"
}
