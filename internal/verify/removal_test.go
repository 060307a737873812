// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"strings"
	"testing"

	"github.com/rerig/rerig/internal/mesh"
)

func TestStillUsedNamesEachSubjectOnce(t *testing.T) {
	got := StillUsed("1-29-1", []Reference{
		{"Deployment istio-ingress/gateway", "pod gateway-0 runs its proxy"},
		{"Pod legacy/alone", "pod alone runs its proxy"},
		{"Deployment istio-ingress/gateway", "its template has istio.io/rev=1-29-1"},
	})
	want := "revision 1-29-1 is still used by Deployment istio-ingress/gateway: pod gateway-0 runs its proxy, " +
		"its template has istio.io/rev=1-29-1; Pod legacy/alone: pod alone runs its proxy"
	if got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

// A webhook configuration that calls the revision is named with the command that points it at
// the next one.
func TestCallingWebhookIsNamedWithACommand(t *testing.T) {
	f := removalFacts()
	f.Successor = "1-31-0"
	f.World.References = []mesh.Reference{{Subject: "ValidatingWebhookConfiguration istio-validator-stable", Revision: "1-29-1",
		Through: "it calls Service istiod-1-29-1", Webhooks: []int{0, 2}}}
	got := StillUsed("1-29-1", References(f))
	for _, want := range []string{
		"ValidatingWebhookConfiguration istio-validator-stable: it calls Service istiod-1-29-1",
		"kubectl patch validatingwebhookconfiguration istio-validator-stable --type=json",
		`{"op":"replace","path":"/webhooks/0/clientConfig/service/name","value":"istiod-1-31-0"}`,
		`{"op":"replace","path":"/webhooks/2/clientConfig/service/name","value":"istiod-1-31-0"}`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("got %q, want %q in it", got, want)
		}
	}
}

// The label of a template is a use of the revision only where it decides. A gateway's template
// was rendered for a revision, whatever its label says.
func TestTemplateThatChoosesTheRevisionIsAReference(t *testing.T) {
	label := func(more ...string) map[string]string {
		labels := map[string]string{mesh.RevisionLabel: "1-29-1"}
		for _, key := range more {
			labels[key] = "false"
		}
		return labels
	}
	gateway := mesh.Template{
		Proxy:  true,
		Labels: map[string]string{mesh.GatewayLabel: "edge", mesh.ManagedLabel: "x", mesh.RevisionLabel: "1-29-1"},
	}
	old, moved := gateway, gateway
	old.Annotations = map[string]string{mesh.RevisionLabel: "1-29-1"}
	moved.Annotations = map[string]string{mesh.RevisionLabel: "1-31-0"}
	for _, c := range []struct {
		name      string
		namespace map[string]string
		template  mesh.Template
		want      string
	}{
		{name: "in a namespace without labels", template: mesh.Template{Labels: label()}, want: "its template has istio.io/rev=1-29-1"},
		{name: "of a namespace of another revision", namespace: map[string]string{mesh.RevisionLabel: "1-31-0"},
			template: mesh.Template{Labels: label()}},
		{name: "of a namespace without injection", namespace: map[string]string{mesh.InjectionLabel: "disabled"},
			template: mesh.Template{Labels: label()}},
		{name: "without a sidecar", template: mesh.Template{Labels: label(mesh.SidecarLabel)}},
		{name: "on the network of its node", template: mesh.Template{Labels: label(), HostNetwork: true}},
		{name: "of a gateway", template: old, want: "its template was rendered for revision 1-29-1"},
		{name: "of a gateway that was moved", template: moved},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := removalFacts()
			f.World.Namespaces = []mesh.Namespace{{Name: "own", Labels: c.namespace}}
			f.World.Workloads = []mesh.Workload{
				{Kind: mesh.Deployment, Namespace: "own", Name: "web", Gateway: c.template.Proxy, Template: c.template},
			}
			got := ""
			for _, r := range References(f) {
				got += r.Reason
			}
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
