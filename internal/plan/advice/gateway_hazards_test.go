// SPDX-License-Identifier: Apache-2.0

package advice_test

import (
	"strings"
	"testing"
	"time"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/advice"
	"github.com/rerig/rerig/internal/plan/plantest"
	"github.com/rerig/rerig/internal/step"
)

const edge = "Deployment edge/front"

// hazardCase is a mesh with the gateway edge/front, and what it changes in it.
type hazardCase struct {
	name     string
	gateway  func(*mesh.Workload)
	world    func(*mesh.World)
	settings func(*mesh.ControlPlaneSettings)
	intent   func(*step.Intent)
	target   func(*step.Target)
	subject  string // of the note, edge where it is empty
	want     string // in its text or evidence, "" for no note
}

// notes returns the hazards of moving the gateway from 1-29-1 to 1-31-0.
func (c hazardCase) notes(t *testing.T) []step.Note {
	t.Helper()
	w, in := plantest.World(), plantest.IntentForAll()
	in.Policy.Gateways = step.GatewaysLast
	w.Namespaces = append(w.Namespaces, mesh.Namespace{Name: "edge", Labels: map[string]string{mesh.RevisionLabel: "1-29-1"}})
	wl := plantest.Workload(mesh.Deployment, "edge", "front", 2)
	wl.Gateway, wl.Template = true, mesh.Template{Hash: "t0", Labels: map[string]string{"app": "front"}}
	for i := range wl.Pods {
		wl.Pods[i].GracePeriod = 30 * time.Second
	}
	if c.gateway != nil {
		c.gateway(&wl)
	}
	w.Workloads = append(w.Workloads, wl)
	if c.world != nil {
		c.world(&w)
	}
	w.Sort()
	s := mesh.ControlPlaneSettings{ControlPlanes: []mesh.ControlPlane{
		{Revision: "1-29-1", TrustDomain: "cluster.local"}, {Revision: "1-31-0", TrustDomain: "cluster.local"},
	}}
	if c.settings != nil {
		c.settings(&s)
	}
	if c.intent != nil {
		c.intent(&in)
	}
	target := plantest.Forward(t, w, in, step.Ledger{})
	target.Version = "1.31.0"
	if c.target != nil {
		c.target(&target)
	}
	return advice.GatewayHazards(w, s, target)
}

// check compares the note whose text or evidence begins as the hazard's with what is wanted.
func (c hazardCase) check(t *testing.T, hazard string) {
	t.Helper()
	subject := c.subject
	if subject == "" {
		subject = edge
	}
	var found []string
	for _, n := range c.notes(t) {
		if n.Kind != step.GatewayHazard || n.Subject == "" || n.Text == "" || n.Evidence == "" || n.Remedy == "" {
			t.Errorf("got the note %+v, want a subject, a text, evidence and a remedy", n)
		}
		if n.Subject == subject && strings.Contains(n.Text, hazard) {
			found = append(found, n.Text+"; "+n.Evidence)
		}
	}
	switch {
	case c.want == "" && len(found) > 0:
		t.Errorf("got %q, want no note", found)
	case c.want != "" && (len(found) != 1 || !strings.Contains(found[0], c.want)):
		t.Errorf("notes that contain %q: got %q, want one with %q", hazard, found, c.want)
	}
}

// behind puts a Service in front of the gateway.
func behind(wl *mesh.Workload, loadBalancer bool) {
	wl.Services = []mesh.Service{{Name: "front", LoadBalancer: loadBalancer, Selector: map[string]string{"app": "front"}}}
}

func grace(wl *mesh.Workload, d time.Duration) {
	for i := range wl.Pods {
		wl.Pods[i].GracePeriod = d
	}
}

func restarted(in *step.Intent) {
	in.Policy.Rules = append(in.Policy.Rules, step.Rule{Namespace: "edge", Strategy: step.ByRestart})
}

func TestLocalTrafficOfAGateway(t *testing.T) {
	for _, c := range []hazardCase{
		{name: "Cluster", gateway: func(wl *mesh.Workload) { behind(wl, true) }},
		{name: "Local", want: "Service front", gateway: func(wl *mesh.Workload) {
			behind(wl, true)
			wl.Services[0].Local = true
		}},
		{name: "Local, and left", intent: func(in *step.Intent) { in.Policy.Gateways = step.LeaveGateways }, gateway: func(wl *mesh.Workload) {
			behind(wl, true)
			wl.Services[0].Local = true
		}},
	} {
		t.Run(c.name, func(t *testing.T) { c.check(t, "externalTrafficPolicy: Local") })
	}
}

func TestShortDrainOfAGateway(t *testing.T) {
	for _, c := range []hazardCase{
		{
			name: "default", gateway: func(wl *mesh.Workload) { behind(wl, true) },
			want: "Service front; drains for 5s, within a grace period of 30s",
		},
		{name: "no load balancer", gateway: func(wl *mesh.Workload) { behind(wl, false) }},
		{name: "long drain", gateway: func(wl *mesh.Workload) {
			behind(wl, true)
			grace(wl, 5*time.Minute)
			wl.Template.ProxySettings.Drain = 4 * time.Minute
		}},
		{name: "long drain in a short grace period", want: "drains for 4m0s, within a grace period of 30s", gateway: func(wl *mesh.Workload) {
			behind(wl, true)
			wl.Template.ProxySettings.Drain = 4 * time.Minute
		}},
		{
			name:     "long drain in the mesh configuration",
			gateway:  func(wl *mesh.Workload) { behind(wl, true); grace(wl, 5*time.Minute) },
			settings: func(s *mesh.ControlPlaneSettings) { s.ControlPlanes[0].Proxies.Drain = 4 * time.Minute },
		},
		{name: "a hook in a long grace period", gateway: func(wl *mesh.Workload) {
			behind(wl, true)
			grace(wl, 5*time.Minute)
			wl.Template.ProxyContainer.PreStop = true
		}},
		{name: "a hook in a short grace period", want: "a preStop hook", gateway: func(wl *mesh.Workload) {
			behind(wl, true)
			wl.Template.ProxyContainer.PreStop = true
		}},
		{
			name:    "swapped",
			gateway: func(wl *mesh.Workload) { behind(wl, true) },
			intent:  func(in *step.Intent) { in.Policy.Rules = []step.Rule{{Namespace: "edge", Strategy: step.BySwap}} },
		},
		{
			name:    "left",
			gateway: func(wl *mesh.Workload) { behind(wl, true) },
			intent:  func(in *step.Intent) { in.Policy.Gateways = step.LeaveGateways },
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.intent == nil {
				c.intent = restarted
			}
			c.check(t, "its old pods may end")
		})
	}
}

// A moved gateway has no hazard any more.
func TestMovedGatewayHasNoHazard(t *testing.T) {
	c := hazardCase{gateway: func(wl *mesh.Workload) {
		behind(wl, true)
		wl.Template.ProxyContainer.PullPolicy = "Always"
		for i := range wl.Pods {
			wl.Pods[i].Sidecar.Revision = "1-31-0"
		}
	}}
	if got := c.notes(t); len(got) > 0 {
		t.Errorf("got %+v, want none", got)
	}
}

func TestGatewayThatEndsWithoutConnections(t *testing.T) {
	exits := func(minimum time.Duration, loadBalancer bool) func(*mesh.Workload) {
		return func(wl *mesh.Workload) {
			behind(wl, loadBalancer)
			grace(wl, 5*time.Minute)
			wl.Template.ProxySettings = mesh.ProxySettings{ExitOnZero: "true", MinimumDrain: minimum}
		}
	}
	for _, c := range []hazardCase{
		{name: "default minimum", gateway: exits(0, false), want: "MINIMUM_DRAIN_DURATION 5s, grace period 5m0s"},
		{name: "15s", gateway: exits(15*time.Second, false)},
		{name: "15s behind a load balancer", gateway: exits(15*time.Second, true), want: "MINIMUM_DRAIN_DURATION 15s"},
		{name: "4m behind a load balancer", gateway: exits(4*time.Minute, true)},
		{name: "not set", gateway: func(wl *mesh.Workload) { behind(wl, true) }},
		{
			name:     "in the mesh configuration",
			settings: func(s *mesh.ControlPlaneSettings) { s.ControlPlanes[0].Proxies.ExitOnZero = "true" },
			want:     "MINIMUM_DRAIN_DURATION 5s",
		},
		{
			name:     "in the mesh configuration, not in the template",
			gateway:  func(wl *mesh.Workload) { wl.Template.ProxySettings.ExitOnZero = "false" },
			settings: func(s *mesh.ControlPlaneSettings) { s.ControlPlanes[0].Proxies.ExitOnZero = "true" },
		},
		{name: "4m in a short grace period", want: "MINIMUM_DRAIN_DURATION 4m0s, grace period 30s", gateway: func(wl *mesh.Workload) {
			exits(4*time.Minute, true)(wl)
			grace(wl, 30*time.Second)
		}},
		{name: "swapped", gateway: exits(0, true), intent: func(*step.Intent) {}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.intent == nil {
				c.intent = restarted
			}
			c.check(t, "without an open connection")
		})
	}
}

func TestShortSoakOfAGateway(t *testing.T) {
	soak := func(d time.Duration) func(*step.Target) { return func(target *step.Target) { target.Soak = d } }
	for _, c := range []hazardCase{
		{name: "short", target: soak(time.Minute), want: "Service front; soak 1m0s, grace period 30s"},
		{name: "long", target: soak(5 * time.Minute)},
		{name: "long grace period", target: soak(0), gateway: func(wl *mesh.Workload) { behind(wl, true); grace(wl, 5*time.Minute) }},
		{name: "no load balancer", target: soak(0), gateway: func(wl *mesh.Workload) { behind(wl, false) }},
		{name: "restarted", target: soak(0), intent: restarted},
		{name: "rolled back", target: func(target *step.Target) { target.Soak, target.Rollback = 0, true }},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.gateway == nil {
				c.gateway = func(wl *mesh.Workload) { behind(wl, true) }
			}
			c.check(t, "its parked pods wait")
		})
	}
}

func TestGatewayThatAlwaysPulls(t *testing.T) {
	pulls := func(policy string) func(*mesh.Workload) {
		return func(wl *mesh.Workload) { wl.Template.ProxyContainer.PullPolicy = policy }
	}
	for _, c := range []hazardCase{
		{name: "always", gateway: pulls("Always"), want: "imagePullPolicy Always"},
		{name: "if not present", gateway: pulls("IfNotPresent")},
		{name: "another image", gateway: pulls("")},
	} {
		t.Run(c.name, func(t *testing.T) { c.check(t, "pulls its proxy's image") })
	}
}

func TestProxyProtocolOfAGateway(t *testing.T) {
	annotated := func(wl *mesh.Workload) { wl.Template.ProxySettings.ProxyProtocol = true }
	filtered := func(subject, version string, selects map[string]string, inMesh ...int) func(*mesh.ControlPlaneSettings) {
		return func(s *mesh.ControlPlaneSettings) {
			if subject != "" {
				s.Configs = []mesh.PartialConfig{{Subject: subject, ProxyProtocol: []string{version}, Selects: selects}}
			}
			for _, i := range inMesh {
				s.ControlPlanes[i].Proxies.ProxyProtocol = true
			}
		}
	}
	const twice, lost, gained = "read the PROXY protocol twice", "on revision 1-29-1 and not on 1-31-0", "on revision 1-31-0 and not on 1-29-1"
	for _, c := range []struct {
		hazard string
		hazardCase
	}{
		{twice, hazardCase{
			name: "filter and annotation", gateway: annotated, settings: filtered("EnvoyFilter edge/pp", "", nil),
			want: "EnvoyFilter edge/pp; gatewayTopology.proxyProtocol in annotation proxy.istio.io/config",
		}},
		{twice, hazardCase{
			name: "filter and mesh configuration", settings: filtered("EnvoyFilter istio-system/pp", "", map[string]string{"app": "front"}, 1),
			want: "EnvoyFilter istio-system/pp; gatewayTopology.proxyProtocol in the mesh configuration of revision 1-31-0",
		}},
		{twice, hazardCase{name: "filter for the old version", gateway: annotated, settings: filtered("EnvoyFilter edge/pp", `^1\.29.*`, nil)}},
		{twice, hazardCase{name: "filter for the old revision", gateway: annotated, settings: func(s *mesh.ControlPlaneSettings) {
			s.Configs = []mesh.PartialConfig{{Subject: "EnvoyFilter edge/pp", Revision: "1-29-1", ProxyProtocol: []string{""}}}
		}}},
		{twice, hazardCase{name: "filter of another namespace", gateway: annotated, settings: filtered("EnvoyFilter a/pp", "", nil)}},
		{twice, hazardCase{
			name: "filter for other pods", gateway: annotated, settings: filtered("EnvoyFilter edge/pp", "", map[string]string{"app": "x"}),
		}},
		{twice, hazardCase{
			name: "annotation and mesh configuration, which are merged", gateway: annotated, settings: filtered("", "", nil, 0, 1),
		}},
		{lost, hazardCase{
			name: "lost", settings: filtered("", "", nil, 0), want: "in the mesh configuration of revision 1-29-1",
		}},
		{lost, hazardCase{name: "set in the annotation", gateway: annotated, settings: filtered("", "", nil, 0)}},
		{lost, hazardCase{name: "set in both", settings: filtered("", "", nil, 0, 1)}},
		{lost, hazardCase{name: "replaced by a filter", settings: filtered("EnvoyFilter edge/pp", `^1\.31.*`, nil, 0)}},
		{lost, hazardCase{name: "mesh configuration not read", settings: func(s *mesh.ControlPlaneSettings) {
			s.ControlPlanes[0].Proxies.ProxyProtocol, s.ControlPlanes[1].TrustDomain = true, ""
		}}},
		{gained, hazardCase{name: "gained", settings: filtered("", "", nil, 1), want: "in the mesh configuration of revision 1-31-0"}},
		{lost, hazardCase{
			name: "filter for the old version alone", settings: filtered("EnvoyFilter edge/pp", `^1\.29.*`, nil), want: "EnvoyFilter edge/pp",
		}},
	} {
		t.Run(c.name, func(t *testing.T) { c.check(t, c.hazard) })
	}
}
