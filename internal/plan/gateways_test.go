// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"slices"
	"strings"
	"testing"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/advice"
	"github.com/rerig/rerig/internal/plan/binding"
	"github.com/rerig/rerig/internal/step"
)

// withGateway is the mesh with one more gateway, in that namespace.
func withGateway(ns string, labels map[string]string) mesh.World {
	w := start()
	g := workload(mesh.Deployment, ns, "gw", 2)
	g.Gateway, g.Template.Labels = true, labels
	if _, there := w.Namespace(ns); !there {
		w.Namespaces = append(w.Namespaces, mesh.Namespace{Name: ns, Labels: map[string]string{mesh.InjectionLabel: "enabled"}})
	}
	w.Workloads = append(w.Workloads, g)
	w.Sort()
	return w
}

// istiod makes a Gateway of the Gateway API anew as soon as its namespace's
// label names another revision: that is nothing that a run may set off.
func TestANamespaceWhoseLabelWouldMoveAGatewayIsRefused(t *testing.T) {
	managed := map[string]string{mesh.GatewayLabel: "edge", mesh.ManagedLabel: "istio.io-gateway-controller", mesh.SidecarLabel: "false"}
	pinned := map[string]string{
		mesh.GatewayLabel:  "edge",
		mesh.ManagedLabel:  "istio.io-gateway-controller",
		mesh.SidecarLabel:  "false",
		mesh.RevisionLabel: "1-29-1",
	}
	for name, in := range map[string]step.Intent{
		"by name":  {Run: "r", Revision: "1-31-0", Installable: true, Namespaces: []string{"a"}},
		"unnamed":  {Run: "r", Revision: "1-31-0", Installable: true},
		"in waves": intent(),
	} {
		if _, err := ForwardTarget(withGateway("a", managed), in, step.Ledger{}); err == nil || !strings.Contains(
			err.Error(), `Deployment a/gw, which istiod manages for the Gateway edge`,
		) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := ForwardTarget(withGateway("a", pinned), in, step.Ledger{}); err != nil {
			t.Errorf("%s, bound by its own label: %v", name, err)
		}
	}
}

// What istiod makes is told by what istiod writes, or by its proxy: a Gateway's name
// alone stands on other implementations' pods too, and those follow no label of a
// namespace.
func TestAGatewayOfAnotherImplementationKeepsNobody(t *testing.T) {
	named := map[string]string{mesh.GatewayLabel: "edge", mesh.SidecarLabel: "false"}
	for name, c := range map[string]struct {
		gateway, proxy, refused bool
	}{
		"another implementation's":                  {},
		"one of Istio's, deployed by hand":          {gateway: true},
		"of an istiod that labels it otherwise":     {gateway: true, proxy: true, refused: true},
		"an application injected by hand, so named": {proxy: true},
	} {
		w := withGateway("a", named)
		for i, wl := range w.Workloads {
			if wl.Ref() == "Deployment a/gw" {
				w.Workloads[i].Gateway, w.Workloads[i].Template.Proxy = c.gateway, c.proxy
			}
		}
		if _, err := ForwardTarget(w, allOf(), step.Ledger{}); (err != nil) != c.refused {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A namespace of gateways alone, as Istio's guide to Helm has it, is not moved
// unless somebody names it; and then its plan says what that brings.
func TestANamespaceOfGatewaysStaysUnlessNamed(t *testing.T) {
	w := withGateway("edge", map[string]string{mesh.SidecarLabel: "true"})
	in := step.Intent{Run: "r", Revision: "1-31-0", Installable: true}
	all := slices.Concat(
		forward(t, w, in, step.Ledger{}).Waves[0].Namespaces,
		forward(t, w, in, step.Ledger{}).Waves[1].Namespaces,
		forward(t, w, in, step.Ledger{}).Waves[2].Namespaces,
	)
	if slices.Contains(all, "edge") || len(all) != 4 {
		t.Errorf("moved without being named: %v", all)
	}
	in.Namespaces = []string{"edge"}
	target := forward(t, w, in, step.Ledger{})
	i := slices.IndexFunc(advice.Notes(w, target), func(n step.Note) bool { return n.Subject == "Deployment edge/gw" })
	if note := advice.Notes(w, target)[i]; !strings.Contains(note.Text, "get 1-31-0 beside those on 1-29-1") {
		t.Errorf("named, its note is %q", note.Text)
	}
}

// A Gateway that was made since the run began is named before its namespace is
// labelled, forth and back, and no longer once it is bound by its own label.
func TestAGatewayThatCameLaterIsNamed(t *testing.T) {
	w := sixWays()
	target := forward(t, w, allOf(), step.Ledger{})
	l := NewLedger(Make(w, target, step.Ledger{}), noon)
	end, then, _ := carry(t, w, target, l, -1, first, nil)
	for name, c := range map[string]struct {
		world   mesh.World
		target  step.Target
		l       step.Ledger
		has, to string
	}{
		"forth": {w, target, l, "1-29-1", "1-31-0"},
		"back":  {end, RollbackTarget(allOf(), then, 0), then, "1-31-0", "1-29-1"},
	} {
		for _, pinned := range []bool{false, true} {
			g := workload(mesh.Deployment, "b", "gw", 2)
			g.Gateway = true
			g.Template.Labels = map[string]string{
				mesh.GatewayLabel: "edge",
				mesh.ManagedLabel: "istio.io-gateway-controller",
				mesh.SidecarLabel: "false",
			}
			if pinned {
				g.Template.Labels[mesh.RevisionLabel] = c.has
			}
			for i := range g.Pods {
				g.Pods[i].Sidecar.Revision = c.has
			}
			now := cloneWorld(c.world)
			now.Workloads = append(now.Workloads, g)
			now.Sort()
			notes := Make(now, c.target, c.l).Notes
			n := notes[slices.IndexFunc(notes, func(n step.Note) bool { return n.Subject == string(g.Ref()) })]
			if says := strings.Contains(n.Text, "the istiod of "+c.to+" would re-create it") &&
				strings.Contains(n.Remedy, "istio.io/rev="+c.has); says == pinned {
				t.Errorf("%s, pinned %t: %q; %q", name, pinned, n.Text, n.Remedy)
			}
			there, _, _ := carry(t, now, c.target, c.l, -1, first, nil)
			if left := binding.AffectedGateways(c.target, there, "b"); left != nil {
				t.Errorf("%s: labelled, it is still to be drawn: %v", name, left)
			}
		}
	}
}
