// SPDX-License-Identifier: Apache-2.0

package advice_test

import (
	"testing"
	"time"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/plantest"
	"github.com/rerig/rerig/internal/step"
)

// withAPIGateway adds a gateway that istiod deploys for a Gateway of the Gateway API.
func withAPIGateway(w *mesh.World) {
	wl := plantest.Workload(mesh.Deployment, "free", "api-istio", 1)
	wl.Gateway = true
	wl.Template = mesh.Template{Labels: map[string]string{mesh.GatewayLabel: "api", mesh.ManagedLabel: "x"}, Proxy: true}
	w.Workloads = append(w.Workloads, wl)
}

func TestDefaultsOfAGatewayClass(t *testing.T) {
	day := func(n int) time.Time { return time.Date(2026, 11, n, 0, 0, 0, 0, time.UTC) }
	defaults := func(revision string, created time.Time, content string) mesh.ClassDefaults {
		name := "istio-" + revision + "-gatewayclass-istio"
		return mesh.ClassDefaults{Name: name, Class: "istio", Revision: revision, Created: created, Content: content}
	}
	oldest := defaults("1-29-1", day(1), "a")
	set := func(old, fresh, own []mesh.ClassDefaults) func(*mesh.ControlPlaneSettings) {
		return func(s *mesh.ControlPlaneSettings) {
			s.ControlPlanes[0].ClassDefaults, s.ControlPlanes[1].ClassDefaults, s.ClassDefaults = old, fresh, own
		}
	}
	list := func(d ...mesh.ClassDefaults) []mesh.ClassDefaults { return d }
	removes := func(target *step.Target) { target.Remove = []string{"1-29-1"} }
	const oldName, newName = "ConfigMap istio-1-29-1-gatewayclass-istio", "ConfigMap istio-1-31-0-gatewayclass-istio"
	for _, c := range []hazardCase{
		{name: "removed, without others", settings: set(list(oldest), nil, nil), target: removes, subject: oldName, want: "without the defaults"},
		{
			name: "removed, with others after it", settings: set(list(oldest), list(defaults("1-31-0", day(2), "b")), nil),
			target: removes, subject: oldName, want: "then " + newName + ", with other content",
		},
		{name: "removed, with the same after it", settings: set(list(oldest), list(defaults("1-31-0", time.Time{}, "a")), nil),
			target: removes, subject: oldName},
		{name: "removed, after the user's own", settings: set(list(defaults("1-29-1", day(3), "a")), nil, list(
			mesh.ClassDefaults{Name: "mine", Class: "istio", Created: day(2), Content: "c"})), target: removes, subject: oldName},
		{
			name: "stays, and hides those of the new revision", settings: set(list(oldest), list(defaults("1-31-0", time.Time{}, "b")), nil),
			subject: oldName, want: "have no effect",
		},
		{name: "stays, with the same", settings: set(list(oldest), list(defaults("1-31-0", day(2), "a")), nil), subject: oldName},
		{
			name: "installed, without others", settings: set(nil, list(defaults("1-31-0", time.Time{}, "b")), nil),
			subject: newName, want: "once it is installed",
		},
		{
			name: "rolled back", settings: set(list(oldest), nil, nil), subject: oldName,
			target: func(target *step.Target) { target.Remove, target.Rollback = []string{"1-29-1"}, true },
		},
		{
			name: "no Gateway of the Gateway API", settings: set(list(oldest), nil, nil), target: removes, subject: oldName,
			world: func(*mesh.World) {},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.world == nil {
				c.world = withAPIGateway
			}
			c.check(t, "defaults")
		})
	}
}

func TestDefinitionsThatTheTargetDoesNotRead(t *testing.T) {
	tls, tcp := "tlsroutes.gateway.networking.k8s.io", "tcproutes.gateway.networking.k8s.io"
	has := func(name, bundle, channel string) func(*mesh.ControlPlaneSettings) {
		return func(s *mesh.ControlPlaneSettings) {
			s.GatewayDefinitions = []mesh.GatewayDefinition{{Name: name, Bundle: bundle, Channel: channel}}
		}
	}
	version := func(v string) func(*step.Target) { return func(target *step.Target) { target.Version = v } }
	from := func(v string) func(*mesh.Workload) {
		return func(wl *mesh.Workload) {
			for i := range wl.Pods {
				wl.Pods[i].Sidecar.Version = v
			}
		}
	}
	for _, c := range []hazardCase{
		{name: "TLSRoute of 1.4", settings: has(tls, "v1.4.1", "experimental"), subject: "CustomResourceDefinition " + tls,
			want: "Gateway API v1.4.1; Istio 1.31: it needs the CRDs of Gateway API 1.5"},
		{name: "TLSRoute of 1.5", settings: has(tls, "v1.5.0", "standard"), subject: "CustomResourceDefinition " + tls},
		{name: "TLSRoute of a release candidate", settings: has(tls, "v1.5.0-rc.1", "standard"), subject: "CustomResourceDefinition " + tls},
		{name: "TLSRoute of no bundle", settings: has(tls, "", ""), subject: "CustomResourceDefinition " + tls, want: "of unknown version"},
		{name: "TLSRoute that was not read before", settings: has(tls, "v1.4.1", "experimental"), gateway: from("1.30.2"),
			subject: "CustomResourceDefinition " + tls},
		{name: "TCPRoute of 1.5", settings: has(tcp, "v1.5.0", "experimental"), subject: "CustomResourceDefinition " + tcp,
			want: "it needs the CRDs of Gateway API 1.6"},
		{name: "TCPRoute of 1.5 for Istio 1.30", settings: has(tcp, "v1.5.0", "experimental"), target: version("1.30.2"),
			subject: "CustomResourceDefinition " + tcp},
		{name: "TCPRoute of 1.6 for Istio 1.29", settings: has(tcp, "v1.6.0", "standard"), gateway: from("1.31.0"), target: version("1.29.1"),
			subject: "CustomResourceDefinition " + tcp, want: "it reads v1alpha2"},
		{name: "experimental TCPRoute of 1.6 for Istio 1.29", settings: has(tcp, "v1.6.0", "experimental"), gateway: from("1.31.0"),
			target: version("1.29.1"), subject: "CustomResourceDefinition " + tcp},
		{name: "XListenerSet", settings: has("xlistenersets.gateway.networking.x-k8s.io", "v1.4.1", "experimental"),
			subject: "CustomResourceDefinition xlistenersets.gateway.networking.x-k8s.io", want: "it reads ListenerSet instead"},
		{name: "no gateway moves", settings: has(tls, "v1.4.1", "experimental"), subject: "CustomResourceDefinition " + tls,
			intent: func(in *step.Intent) { in.Policy.Gateways = step.LeaveGateways }},
	} {
		t.Run(c.name, func(t *testing.T) { c.check(t, "is not read by the new revision") })
	}
}

func TestStrictMergingOfGateways(t *testing.T) {
	for _, c := range []hazardCase{
		{name: "1.29 to 1.31", want: "Istio 1.29 -> 1.31; PILOT_ENABLE_STRICT_GATEWAY_MERGING is not set"},
		{name: "1.29 to 1.30", target: func(target *step.Target) { target.Version = "1.30.2" }},
		{name: "1.31 to 1.31", world: func(w *mesh.World) {
			withAPIGateway(w)
			for i := range w.Workloads {
				for j := range w.Workloads[i].Pods {
					w.Workloads[i].Pods[j].Sidecar.Version = "1.31.0"
				}
			}
		}},
		{name: "set for the new istiod", settings: func(s *mesh.ControlPlaneSettings) {
			s.ControlPlanes[1].Settings = []mesh.Setting{{Group: mesh.Environment, Key: "PILOT_ENABLE_STRICT_GATEWAY_MERGING", Value: "false"}}
		}},
		{name: "no Gateway of the Gateway API", world: func(*mesh.World) {}},
		{name: "no gateway moves", intent: func(in *step.Intent) { in.Policy.Gateways = step.LeaveGateways }},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.world == nil {
				c.world = withAPIGateway
			}
			c.subject = "revision 1-31-0"
			c.check(t, "no longer merges")
		})
	}
}
