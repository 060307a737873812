// SPDX-License-Identifier: Apache-2.0

package mesh

import (
	"slices"
	"testing"
)

// gatewayFor returns what istiod deploys for a Gateway.
func gatewayFor(namespace string, labels map[string]string) Workload {
	wl := Workload{Kind: Deployment, Namespace: namespace, Name: "edge-istio", Gateway: true}
	wl.Template.Labels = map[string]string{GatewayLabel: "edge", ManagedLabel: "istio.io-gateway-controller"}
	for key, value := range labels {
		wl.Template.Labels[key] = value
	}
	return wl
}

// TestGatewayClaims is the truth table of IsMine in pkg/revisions/tag_watcher.go @1.29.1.
func TestGatewayClaims(t *testing.T) {
	unnamed, named := Revision{Name: DefaultRevision, Replicas: 1}, Revision{Name: "1-31-0", Replicas: 1}
	defaultTag := Webhook{Tag: DefaultTag, Revision: "1-31-0"}
	for _, tc := range []struct {
		name  string
		world World
		value string
		want  []string
	}{
		{name: "installed without a revision, alone", world: World{Revisions: []Revision{named, unnamed}}, want: []string{DefaultRevision}},
		{name: "and the default moved",
			world: World{Revisions: []Revision{named, unnamed}, Webhooks: []Webhook{defaultTag}}, want: []string{"1-31-0", DefaultRevision}},
		{name: "and the default moved, label default", value: "default",
			world: World{Revisions: []Revision{named, unnamed}, Webhooks: []Webhook{defaultTag}}, want: []string{"1-31-0", DefaultRevision}},
		{name: "and the default moved, labelled", value: "1-31-0",
			world: World{Revisions: []Revision{named, unnamed}, Webhooks: []Webhook{defaultTag}}, want: []string{"1-31-0"}},
		{name: "and the default moved, scaled to zero",
			world: World{Revisions: []Revision{named, {Name: DefaultRevision}}, Webhooks: []Webhook{defaultTag}}, want: []string{"1-31-0"}},
		{name: "by the validator", want: []string{"1-31-0"},
			world: World{Revisions: []Revision{named, {Name: "1-29-1", Replicas: 1}}, Validator: Validator{Configuration: "v", Revision: "1-31-0"}}},
		{name: "the tag wins over the validator", want: []string{"1-31-0"},
			world: World{Revisions: []Revision{named, {Name: "1-29-1", Replicas: 1}}, Webhooks: []Webhook{defaultTag},
				Validator: Validator{Configuration: "v", Revision: "1-29-1"}}},
		{name: "a tag whose parts disagree", value: "prod", want: []string{"1-31-0", "1-29-1"},
			world: World{Revisions: []Revision{named, {Name: "1-29-1", Replicas: 1}}, Webhooks: []Webhook{{Tag: "prod", Revision: "1-31-0"}},
				Tags: []Tag{{Name: "prod", Revision: "1-31-0", Service: "1-29-1"}}}},
		{name: "nobody", value: "gone", world: World{Revisions: []Revision{named}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := tc.world.GatewayClaims(tc.value); !slices.Equal(got, tc.want) {
				t.Errorf("got %v, want %v", got, tc.want)
			}
		})
	}
}

func TestContestedGateways(t *testing.T) {
	w := World{Revisions: []Revision{{Name: "1-31-0", Replicas: 1}, {Name: DefaultRevision, Replicas: 1}},
		Webhooks: []Webhook{{Tag: DefaultTag, Revision: "1-31-0"}}}
	w.Namespaces = []Namespace{{Name: "bound", Labels: map[string]string{RevisionLabel: "1-31-0"}}, {Name: "free"}, {Name: "own"}}
	w.Workloads = []Workload{
		gatewayFor("bound", nil), gatewayFor("free", nil), gatewayFor("own", map[string]string{RevisionLabel: "1-31-0"}),
		{Kind: Deployment, Namespace: "free", Name: "injected", Gateway: true},
	}
	got := w.ContestedGateways()
	if len(got) != 1 || got[0].String() != "Gateway free/edge" || !slices.Equal(got[0].Revisions, []string{"1-31-0", DefaultRevision}) {
		t.Errorf("got %v, want Gateway free/edge of both revisions", got)
	}
}
