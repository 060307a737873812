// SPDX-License-Identifier: Apache-2.0

package advice

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/strategy"
	"github.com/rerig/rerig/internal/step"
)

// GatewayHazards returns what endangers the moves of gateways, and what a move changes for
// Gateways of the Gateway API.
func GatewayHazards(w mesh.World, s mesh.ControlPlaneSettings, t step.Target) []step.Note {
	var notes []step.Note
	for _, g := range movedGateways(w, s, t) {
		for _, hazard := range gatewayHazards {
			if n := hazard(g); n.Text != "" {
				n.Kind, n.Subject = step.GatewayHazard, string(g.wl.Ref())
				notes = append(notes, n)
			}
		}
	}
	for _, hazard := range gatewayAPIHazards {
		for _, n := range hazard(w, s, t) {
			n.Kind = step.GatewayHazard
			notes = append(notes, n)
		}
	}
	return notes
}

// gatewayHazards has the hazards of one gateway's move. Each returns a note with text,
// evidence and remedy, the zero Note where there is no hazard.
var gatewayHazards = []func(movedGateway) step.Note{
	shortDrain, localTraffic, exitsEarly, shortSoak, alwaysPulls, proxyProtocolTwice, proxyProtocolChanges,
}

const (
	// deregistration is how long a slow load balancer still sends to a pod that is gone: a
	// Network Load Balancer of AWS needs three minutes.
	deregistration = 3 * time.Minute

	// endpointUpdates is how long clients in the cluster need to learn that a pod is gone.
	endpointUpdates = 10 * time.Second
)

// movedGateway is a gateway that is still to be moved.
type movedGateway struct {
	wl       mesh.Workload
	strategy step.Strategy
	from, to string // revisions
	target   step.Target
	settings mesh.ControlPlaneSettings
	version  string // of the revision that it is moved to, "" where it is not known
	root     string // istiod's namespace, whose configuration is for all namespaces
}

// movedGateways returns the gateways with pods that a target still moves.
func movedGateways(w mesh.World, s mesh.ControlPlaneSettings, t step.Target) []movedGateway {
	var list []movedGateway
	for _, wl := range w.Workloads {
		d, to := strategy.DecideFor(t, wl), t.RevisionOf(wl)
		if !wl.Gateway || !d.Moves() {
			continue
		}
		for _, from := range wl.Sidecars() {
			if from != "" && to != "" && from != to {
				list = append(list, movedGateway{wl: wl, strategy: d.Strategy, from: from, to: to, target: t, settings: s,
					version: t.VersionOf(w, to), root: w.RootNamespace})
				break
			}
		}
	}
	return list
}

// proxy returns the settings of the gateway's present proxies.
func (g movedGateway) proxy() mesh.ProxySettings {
	p, _ := g.settings.ControlPlane(g.from)
	return g.wl.Template.ProxySettings.Over(p.Proxies)
}

// loadBalancer returns the Service of type LoadBalancer in front of the gateway, "" for none.
func (g movedGateway) loadBalancer() string {
	for _, s := range g.wl.Services {
		if s.LoadBalancer {
			return s.Name
		}
	}
	return ""
}

// grace returns the shortest termination grace period of the gateway's pods.
func (g movedGateway) grace() time.Duration {
	var shortest time.Duration
	for i, p := range g.wl.Live() {
		if i == 0 || p.GracePeriod < shortest {
			shortest = p.GracePeriod
		}
	}
	return shortest
}

// shortDrain is the hazard of a pod that ends while a load balancer still sends to it.
func shortDrain(g movedGateway) step.Note {
	drain, service := cmp.Or(g.proxy().Drain, mesh.DefaultDrain), g.loadBalancer()
	evidence := "drains for " + drain.String()
	if p, _ := g.settings.ControlPlane(g.from); g.proxy().Drain == 0 && p.TrustDomain == "" {
		evidence += " unless its mesh configuration, which was not read, sets more"
	}
	switch {
	case g.wl.Template.ProxyContainer.PreStop:
		drain = g.grace() // its hook decides, as far as the grace period allows
		evidence = "a preStop hook, then it drains"
	case g.proxy().ExitOnZero == "true":
		return step.Note{} // exitsEarly
	}
	if service == "" || g.strategy.ParksPods() || min(drain, g.grace()) >= deregistration {
		return step.Note{}
	}
	return step.Note{
		Text: "is behind a load balancer, and its old pods may end while that still sends to them: a slow one (AWS NLB) " +
			"needs 3 minutes to learn that a pod is gone",
		Evidence: fmt.Sprintf("Service %s; %s, within a grace period of %s", service, evidence, g.grace()),
		Remedy: "let it be swapped; or set terminationDrainDuration (annotation proxy.istio.io/config of its template) to what " +
			"your load balancer needs, and terminationGracePeriodSeconds above it, before the run",
	}
}

// localTraffic is the hazard of a node that loses its last pod before its load balancer knows.
func localTraffic(g movedGateway) step.Note {
	var local []string
	for _, s := range g.wl.Services {
		if s.Local {
			local = append(local, "Service "+s.Name)
		}
	}
	if len(local) == 0 {
		return step.Note{}
	}
	return step.Note{
		Text: "gets requests from outside only on nodes with a pod that serves (externalTrafficPolicy: Local): where a new pod starts on " +
			"another node, the old node drops them until its load balancer's health check fails",
		Evidence: strings.Join(local, ", "),
		Remedy: "have a pod on each node that the load balancer uses; or set externalTrafficPolicy: Cluster for the time of the run, if " +
			"clients' addresses may be hidden meanwhile",
	}
}

// exitsEarly is the hazard of a pod that ends at the first moment without connections, while
// others still send to it.
func exitsEarly(g movedGateway) step.Note {
	p, needed, behind := g.proxy(), endpointUpdates, ""
	if service := g.loadBalancer(); service != "" {
		needed, behind = deregistration, "; Service "+service+" of type LoadBalancer"
	}
	minimum := cmp.Or(p.MinimumDrain, mesh.DefaultDrain)
	if p.ExitOnZero != "true" || g.strategy.ParksPods() || min(minimum, g.grace()) >= needed {
		return step.Note{}
	}
	return step.Note{
		Text: "ends its old pods at the first moment without an open connection: clients and load balancers that learn of that " +
			"late are refused",
		Evidence: fmt.Sprintf("EXIT_ON_ZERO_ACTIVE_CONNECTIONS=true, MINIMUM_DRAIN_DURATION %s, grace period %s%s", minimum, g.grace(), behind),
		Remedy: "let it be swapped; or set MINIMUM_DRAIN_DURATION of its istio-proxy to what your load balancer needs, and " +
			"terminationGracePeriodSeconds above it, before the run",
	}
}

// shortSoak is the hazard of a parked pod that asks its clients to leave while a load
// balancer still sends new ones.
func shortSoak(g movedGateway) step.Note {
	service := g.loadBalancer()
	if service == "" || !g.strategy.ParksPods() || g.target.Rollback || max(g.target.Soak, g.grace()) >= deregistration {
		return step.Note{}
	}
	return step.Note{
		Text: "is behind a load balancer: its parked pods wait for the soak and their grace period, and a slow load balancer " +
			"(AWS NLB) needs 3 minutes to learn that a pod is gone",
		Evidence: fmt.Sprintf("Service %s; soak %s, grace period %s", service, g.target.Soak, g.grace()),
		Remedy:   "choose a --soak that is longer than your load balancer needs: --soak 4m",
	}
}

// alwaysPulls is the hazard of a gateway that depends on a registry for each new pod.
func alwaysPulls(g movedGateway) step.Note {
	if g.wl.Template.ProxyContainer.PullPolicy != "Always" {
		return step.Note{}
	}
	return step.Note{
		Text: "pulls its proxy's image for every new pod, even if the node has it: while the registry does not answer, no new pod " +
			"starts",
		Evidence: "container istio-proxy: image auto, imagePullPolicy Always (the default of this image)",
		Remedy:   "set imagePullPolicy: IfNotPresent in its template before the run (chart gateway: the value imagePullPolicy)",
	}
}

// proxyProtocolTwice is the hazard of listeners that expect the PROXY protocol's header
// twice: they refuse every connection (istio#49836).
func proxyProtocolTwice(g movedGateway) step.Note {
	filter, topology := g.proxyProtocolFilter(g.to), g.proxyProtocolTopology(g.to)
	if filter == "" || topology == "" {
		return step.Note{}
	}
	return step.Note{
		Text:     "has listeners on the new revision that read the PROXY protocol twice: every connection fails",
		Evidence: filter + "; " + topology,
		Remedy:   "remove one of the two for proxies of the new revision before the run",
	}
}

// proxyProtocolChanges is the hazard of listeners that read the PROXY protocol on one
// revision only, while the load balancer stays as it is.
func proxyProtocolChanges(g movedGateway) step.Note {
	before := cmp.Or(g.proxyProtocolFilter(g.from), g.proxyProtocolTopology(g.from))
	after := cmp.Or(g.proxyProtocolFilter(g.to), g.proxyProtocolTopology(g.to))
	if (before == "") == (after == "") || !g.knowsMeshConfiguration() {
		return step.Note{}
	}
	n := step.Note{
		Text: "reads the PROXY protocol on revision " + g.from + " and not on " + g.to +
			": behind a load balancer that sends it, every connection fails",
		Evidence: before,
		Remedy:   "set gatewayTopology.proxyProtocol in the mesh configuration of revision " + g.to + " as well",
	}
	if before == "" {
		n.Text = "reads the PROXY protocol on revision " + g.to + " and not on " + g.from +
			": behind a load balancer that does not send it, every connection fails"
		n.Evidence, n.Remedy = after, "remove it for revision "+g.to+", or set it for both and at the load balancer"
	}
	return n
}

// knowsMeshConfiguration reports whether the mesh configuration of both revisions was read.
func (g movedGateway) knowsMeshConfiguration() bool {
	from, _ := g.settings.ControlPlane(g.from)
	to, _ := g.settings.ControlPlane(g.to)
	return from.TrustDomain != "" && to.TrustDomain != ""
}

// proxyProtocolTopology returns where gatewayTopology.proxyProtocol is set for the gateway
// on a revision, "" for nowhere.
func (g movedGateway) proxyProtocolTopology(revision string) string {
	if g.wl.Template.ProxySettings.ProxyProtocol {
		return "gatewayTopology.proxyProtocol in annotation " + step.ConfigAnnotation
	}
	if p, _ := g.settings.ControlPlane(revision); p.Proxies.ProxyProtocol {
		return "gatewayTopology.proxyProtocol in the mesh configuration of revision " + revision
	}
	return ""
}

// proxyProtocolFilter returns the EnvoyFilter that makes the gateway's listeners read the
// PROXY protocol on a revision, "" for none.
func (g movedGateway) proxyProtocolFilter(revision string) string {
	version := g.version
	for _, p := range g.wl.Live() {
		if revision == g.from && p.Sidecar.Revision == revision {
			version = p.Sidecar.Version
		}
	}
	for _, c := range g.settings.Configs {
		seen := c.Revision == "" || c.Revision == revision
		matches := slices.ContainsFunc(c.ProxyProtocol, func(expression string) bool { return matchesVersion(expression, version) })
		if seen && matches && g.selectedBy(c) {
			return c.Subject
		}
	}
	return ""
}

// matchesVersion reports whether a patch applies to proxies of a version. One that is not
// known matches.
func matchesVersion(expression, version string) bool {
	if expression == "" || version == "" {
		return true
	}
	match, err := regexp.Compile(expression)
	return err == nil && match.MatchString(version)
}

// selectedBy reports whether a configuration applies to the gateway: by its labels, in the
// gateway's namespace or the root namespace.
func (g movedGateway) selectedBy(c mesh.PartialConfig) bool {
	for key, value := range c.Selects {
		if g.wl.Template.Labels[key] != value {
			return false
		}
	}
	_, name, _ := strings.Cut(c.Subject, " ")
	namespace, _, _ := strings.Cut(name, "/")
	return namespace == g.wl.Namespace || namespace == g.root
}
