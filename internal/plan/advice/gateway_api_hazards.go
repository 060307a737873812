// SPDX-License-Identifier: Apache-2.0

package advice

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/strategy"
	"github.com/rerig/rerig/internal/step"
)

// gatewayAPIHazards has what a move changes for Gateways of the Gateway API. Each hazard
// returns notes with subject, text, evidence and remedy.
var gatewayAPIHazards = []func(mesh.World, mesh.ControlPlaneSettings, step.Target) []step.Note{
	classDefaultsChange, definitionsNotRead, strictMerging,
}

// classDefaultsChange notes the defaults of a class that a removal or an install changes:
// istiod then re-creates the pods of every Gateway of the class, at once.
func classDefaultsChange(w mesh.World, s mesh.ControlPlaneSettings, t step.Target) []step.Note {
	if t.Rollback || !slices.ContainsFunc(w.Workloads, mesh.Workload.ForGateway) {
		return nil
	}
	byClass, classes := map[string][]mesh.ClassDefaults{}, []string{}
	all := slices.Clone(s.ClassDefaults)
	for _, p := range s.ControlPlanes {
		all = append(all, p.ClassDefaults...)
	}
	for _, d := range all {
		byClass[d.Class], classes = append(byClass[d.Class], d), append(classes, d.Class)
	}
	var notes []step.Note
	for _, class := range step.SortedUnique(classes) {
		if n, is := classChange(t, byClass[class]); is {
			notes = append(notes, n)
		}
	}
	return notes
}

// classChange returns the note on the defaults of one class, and false for none.
func classChange(t step.Target, list []mesh.ClassDefaults) (step.Note, bool) {
	slices.SortStableFunc(list, olderFirst)
	oldest := list[0]
	remaining := slices.DeleteFunc(slices.Clone(list), func(d mesh.ClassDefaults) bool {
		return slices.Contains(t.Remove, d.Revision)
	})
	own := slices.IndexFunc(list, func(d mesh.ClassDefaults) bool { return d.Revision == t.Revision })
	n := step.Note{
		Subject: "ConfigMap " + oldest.Name,
		Remedy:  "give each revision the same defaults of this class (gatewayClasses in its values) before the run",
	}
	switch {
	case oldest.Created.IsZero():
		n.Text = "adds defaults to the class " + oldest.Class + ", for Gateways of every revision: once it is installed, istiod " +
			"re-creates their pods at once, if the defaults change these"
		n.Evidence = "no other defaults of this class"
		n.Remedy = "install it without these defaults (gatewayClasses in its values), and add them when a restart of these gateways is fine"
	case len(remaining) == 0:
		n.Text = "holds the defaults of the class " + oldest.Class + " for Gateways of every revision: once it is removed with its " +
			"revision, istiod re-creates their pods at once, without the defaults for these"
		n.Evidence = "removed with revision " + oldest.Revision + "; no other defaults of this class"
	case remaining[0].Name != oldest.Name && remaining[0].Content != oldest.Content:
		n.Text = "holds the defaults of the class " + oldest.Class + " for Gateways of every revision: once it is removed with its " +
			"revision, istiod re-creates their pods at once, if the next defaults change these"
		n.Evidence = "removed with revision " + oldest.Revision + "; then ConfigMap " + remaining[0].Name + ", with other content"
	case remaining[0].Name == oldest.Name && own > 0 && list[own].Content != oldest.Content:
		n.Text = "holds the defaults of the class " + oldest.Class + " for Gateways of every revision, since it is the oldest: those " +
			"of the new revision have no effect"
		n.Evidence = "ConfigMap " + list[own].Name + " has other content"
	default:
		return step.Note{}, false
	}
	return n, true
}

// olderFirst orders defaults as istiod does; those that are not installed come last
// (OldestObject in pkg/kube/controllers @1.31.0).
func olderFirst(a, b mesh.ClassDefaults) int {
	if a.Created.IsZero() != b.Created.IsZero() {
		if a.Created.IsZero() {
			return 1
		}
		return -1
	}
	return a.Created.Compare(b.Created)
}

// definitionRules has the definitions of the Gateway API that some versions of Istio do not
// read. Versions are minor ones of 1.
var definitionRules = []struct {
	definition string
	kind       string
	since      int                                 // the first version of Istio that does not read it, 0 for every one
	before     int                                 // the first one that reads it, 0 for none
	unread     func(d mesh.GatewayDefinition) bool // which bundles it does not read
	needs      string                              // what it needs, or reads instead
	remedy     string
}{
	// pkg/config/schema/gatewayapi/minimumversions.go @1.30 and 1.31.0
	{
		definition: "tlsroutes.gateway.networking.k8s.io", kind: "TLSRoute", since: 30,
		unread: func(d mesh.GatewayDefinition) bool { return !bundleFrom(d, 5) },
		needs:  "it needs the CRDs of Gateway API 1.5",
		remedy: "upgrade the CRDs of the Gateway API before the run, or keep no TLSRoutes",
	},
	{
		definition: "tcproutes.gateway.networking.k8s.io", kind: "TCPRoute", since: 31,
		unread: func(d mesh.GatewayDefinition) bool { return !bundleFrom(d, 6) },
		needs:  "it needs the CRDs of Gateway API 1.6",
		remedy: "upgrade the CRDs of the Gateway API before the run, or keep no TCPRoutes",
	},
	// pkg/config/schema/gvr/resources.gen.go @1.29.1 has v1alpha2 of TCPRoute, 1.31.0 has v1
	{
		definition: "tcproutes.gateway.networking.k8s.io", kind: "TCPRoute", before: 30,
		unread: func(d mesh.GatewayDefinition) bool { return bundleFrom(d, 6) && d.Channel == "standard" },
		needs:  "it reads v1alpha2, which these CRDs do not serve",
		remedy: "install the experimental CRDs of the Gateway API, which serve v1alpha2, or keep no TCPRoutes",
	},
	// the same file @1.29.1 has XListenerSet, 1.31.0 has ListenerSet
	{
		definition: "xlistenersets.gateway.networking.x-k8s.io", kind: "XListenerSet", since: 30,
		unread: func(mesh.GatewayDefinition) bool { return true },
		needs:  "it reads ListenerSet instead",
		remedy: "create a ListenerSet (gateway.networking.k8s.io) for each XListenerSet before the run",
	},
}

// definitionsNotRead notes kinds of the Gateway API that the old revision reads and the new
// one does not.
func definitionsNotRead(w mesh.World, s mesh.ControlPlaneSettings, t step.Target) []step.Note {
	from, to, move := gatewayVersions(w, t)
	if !move {
		return nil
	}
	var notes []step.Note
	for _, d := range s.GatewayDefinitions {
		for _, r := range definitionRules {
			ignores := func(minor int) bool { return minor >= r.since && (r.before == 0 || minor < r.before) && r.unread(d) }
			if d.Name != r.definition || !ignores(to) || ignores(from) {
				continue
			}
			notes = append(notes, step.Note{
				Subject: "CustomResourceDefinition " + d.Name,
				Text: fmt.Sprintf("is not read by the new revision, without an error: if you use %ss, gateways and sidecars lose them "+
					"when they are moved", r.kind),
				Evidence: fmt.Sprintf("Gateway API %s; Istio 1.%d: %s", cmp.Or(d.Bundle, "of unknown version"), to, r.needs),
				Remedy:   r.remedy,
			})
		}
	}
	return notes
}

// strictMerging notes that Istio's Gateways of other namespaces no longer configure the pods
// of a Gateway of the Gateway API: pilot/pkg/features/pilot.go and filterStrictGatewayMerging
// in pilot/pkg/model/push_context.go @1.31.0.
func strictMerging(w mesh.World, s mesh.ControlPlaneSettings, t step.Target) []step.Note {
	const variable, first = "PILOT_ENABLE_STRICT_GATEWAY_MERGING", 31
	from, to, move := gatewayVersions(w, t)
	if !move || from >= first || to < first || !slices.ContainsFunc(w.Workloads, mesh.Workload.ForGateway) {
		return nil
	}
	if p, _ := s.ControlPlane(t.Revision); slices.ContainsFunc(p.Settings, func(x mesh.Setting) bool {
		return x.Group == mesh.Environment && x.Key == variable
	}) {
		return nil
	}
	return []step.Note{{
		Subject: "revision " + t.Revision,
		Text: "no longer merges Gateways of Istio (networking.istio.io) of other namespaces into the pods of a Gateway of the Gateway " +
			"API: such pods lose these listeners when they are moved",
		Evidence: fmt.Sprintf("Istio 1.%d -> 1.%d; %s is not set", from, to, variable),
		Remedy: "create these Gateways in the namespace of the Gateway of the Gateway API, or set " + variable + "=false in the " +
			"environment of the new istiod",
	}}
}

// gatewayVersions returns the minor versions of Istio between which a target moves gateways,
// the oldest one first, and false if it moves none or they are not known.
func gatewayVersions(w mesh.World, t step.Target) (from, to int, move bool) {
	if !t.Policy.MovesGateways() {
		return 0, 0, false
	}
	for _, wl := range w.Workloads {
		revision := t.RevisionOf(wl)
		if !wl.Gateway || !strategy.DecideFor(t, wl).Moves() && !wl.ForGateway() {
			continue
		}
		if !t.Rollback {
			revision = t.Revision
		}
		next, found := minorOf(t.VersionOf(w, revision))
		for _, p := range wl.Live() {
			old, known := minorOf(p.Sidecar.Version)
			if known && found && p.Sidecar.Revision != revision && (!move || old < from) {
				from, to, move = old, next, true
			}
		}
	}
	return from, to, move
}

// minorOf returns the 30 of 1.30.2, and false for another text.
func minorOf(version string) (minor int, known bool) {
	n, _ := fmt.Sscanf(mesh.PlainVersion(version), "1.%d", &minor)
	return minor, n == 1
}

// bundleFrom reports whether a definition is of Gateway API 1.minor or later.
func bundleFrom(d mesh.GatewayDefinition, minor int) bool {
	var major, has int
	n, _ := fmt.Sscanf(d.Bundle, "v%d.%d", &major, &has)
	return n == 2 && (major > 1 || has >= minor)
}
