// SPDX-License-Identifier: Apache-2.0

package swap

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

func webWorkload(others ...mesh.PodSelector) mesh.Workload {
	return mesh.Workload{Kind: mesh.Deployment, Namespace: "shop", Name: "web", ReplicaSetHash: "h1",
		Template:  mesh.Template{Labels: map[string]string{"app": "web", "tier": "front", "team": "a"}},
		Services:  []mesh.Service{{Name: "web", Selector: map[string]string{"app": "web", "tier": "front"}}},
		Selectors: others}
}

func podSelector(does mesh.Effect, subject string, s ...mesh.Requirement) mesh.PodSelector {
	return mesh.PodSelector{Subject: subject, Effect: does, Selector: s}
}

func hasLabel(key string, values ...string) mesh.Requirement {
	return mesh.Requirement{Key: key, Operator: mesh.In, Values: values}
}

// A parked pod is not counted among those that serve, no policy begins or ceases to apply to it,
// and no other controller owns it. Otherwise the workload is unfit for a swap.
func TestUnfitByOtherSelectors(t *testing.T) {
	absent := mesh.Requirement{Key: "app", Operator: mesh.DoesNotExist}
	for _, tc := range []struct {
		name     string
		wl       mesh.Workload
		takes    map[string]string
		wantText string
	}{
		{name: "no selector", wl: webWorkload(), takes: map[string]string{"app": "web"}},
		{name: "policy by another label",
			wl:    webWorkload(podSelector(mesh.SetsPolicy, "NetworkPolicy shop/p", hasLabel("team", "a"))),
			takes: map[string]string{"app": "web"},
		},
		{name: "policy by one of two labels",
			wl:    webWorkload(podSelector(mesh.SetsPolicy, "NetworkPolicy shop/p", hasLabel("app", "web"))),
			takes: map[string]string{"tier": "front"},
		},
		{name: "policy by both labels",
			wl:       webWorkload(podSelector(mesh.SetsPolicy, "AuthorizationPolicy shop/p", hasLabel("app", "web"), hasLabel("tier", "front"))),
			takes:    map[string]string{"app": "web"},
			wantText: "AuthorizationPolicy shop/p selects by labels that a parked pod loses",
		},
		{name: "policy for other pods",
			wl:    webWorkload(podSelector(mesh.SetsPolicy, "NetworkPolicy shop/p", hasLabel("app", "api"))),
			takes: map[string]string{"tier": "front"},
		},
		{name: "policy by an absent label",
			wl: webWorkload(
				podSelector(mesh.SetsPolicy, "NetworkPolicy shop/p", absent),
				podSelector(mesh.SetsPolicy, "Sidecar shop/s", hasLabel("tier", "front")),
			),
			wantText: "shop/",
		},
		{name: "policy by the hash",
			wl:       webWorkload(podSelector(mesh.SetsPolicy, "NetworkPolicy shop/p", hasLabel(HashLabel, "h1"))),
			wantText: "NetworkPolicy shop/p",
		},
		{
			name:  "policy for all pods",
			wl:    webWorkload(podSelector(mesh.SetsPolicy, "NetworkPolicy shop/p")),
			takes: map[string]string{"app": "web"},
		},
		{name: "budget by the same label",
			wl:    webWorkload(podSelector(mesh.CountsReady, "PodDisruptionBudget shop/b", hasLabel("tier", "front"))),
			takes: map[string]string{"tier": "front"},
		},
		{name: "budget by another label",
			wl:    webWorkload(podSelector(mesh.CountsReady, "PodDisruptionBudget shop/b", hasLabel("team", "a"))),
			takes: map[string]string{"app": "web", "team": "a"},
		},
		{name: "budget for all pods",
			wl:       webWorkload(podSelector(mesh.CountsReady, "PodDisruptionBudget shop/b")),
			wantText: "PodDisruptionBudget shop/b would count its parked pods",
		},
		{name: "budget and policy by one label",
			wl: webWorkload(
				podSelector(mesh.CountsReady, "PodDisruptionBudget shop/b", hasLabel("team", "a")),
				podSelector(mesh.SetsPolicy, "Sidecar shop/s", hasLabel("team", "a")),
			),
			wantText: "Sidecar shop/s",
		},
		{name: "autoscaler by another label",
			wl:    webWorkload(podSelector(mesh.ScalesPods, "HorizontalPodAutoscaler shop/h", hasLabel("team", "a"))),
			takes: map[string]string{"app": "web", "team": "a"},
		},
		{name: "autoscaler by the same label",
			wl:    webWorkload(podSelector(mesh.ScalesPods, "HorizontalPodAutoscaler shop/h", hasLabel("tier", "front"), hasLabel("team", "a"))),
			takes: map[string]string{"tier": "front"},
		},
		{name: "autoscaler of other pods",
			wl:    webWorkload(podSelector(mesh.ScalesPods, "HorizontalPodAutoscaler shop/h", hasLabel("team", "b"))),
			takes: map[string]string{"app": "web"},
		},
		{name: "autoscaler for all pods",
			wl:       webWorkload(podSelector(mesh.ScalesPods, "HorizontalPodAutoscaler shop/h")),
			wantText: "HorizontalPodAutoscaler shop/h would count its parked pods",
		},
		{name: "autoscaler and policy by one label", wl: webWorkload(
			podSelector(mesh.ScalesPods, "HorizontalPodAutoscaler shop/h", hasLabel("team", "a")),
			podSelector(mesh.SetsPolicy, "Sidecar shop/s", hasLabel("team", "a")),
		),
			wantText: "it has to lose team, or HorizontalPodAutoscaler shop/h would count it"},
		{name: "DaemonSet by the same labels",
			wl:       webWorkload(podSelector(mesh.OwnsOrphans, "DaemonSet shop/web", hasLabel("team", "a"))),
			wantText: "DaemonSet shop/web would take control of its detached pods",
		},
		{name: "another ReplicaSet", wl: webWorkload(podSelector(mesh.OwnsOrphans, "ReplicaSet shop/api", hasLabel("app", "api")))},
		{name: "ServiceEntry",
			wl:       webWorkload(podSelector(mesh.SendsTraffic, "ServiceEntry shop/e", hasLabel("team", "a"))),
			wantText: "ServiceEntry shop/e sends requests",
		},
		{name: "not listable",
			wl:       webWorkload(mesh.PodSelector{Subject: "NetworkPolicies", Effect: mesh.NotListable}),
			wantText: "you may not list NetworkPolicies",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if reason := Unfit(tc.wl); (reason == "") != (tc.wantText == "") || !strings.Contains(reason, tc.wantText) {
				t.Errorf("unfit: got %q, want %q", reason, tc.wantText)
			}
			if diff := cmp.Diff(tc.takes, labelsToRemove(tc.wl, mesh.Pod{})); tc.takes != nil && diff != "" {
				t.Errorf("labels to remove (-want +got):\n%s", diff)
			}
		})
	}
}

// Only pods that are endpoints of a partial Service lose its label.
func TestOnlyEndpointsLosePartialServices(t *testing.T) {
	wl := webWorkload()
	wl.Services = append(wl.Services, mesh.Service{Name: "leader", Partial: true, Selector: map[string]string{"role": "leader"}})
	if diff := cmp.Diff(map[string]string{"app": "web"}, labelsToRemove(wl, mesh.Pod{})); diff != "" {
		t.Errorf("other pod (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(
		map[string]string{"app": "web", "role": "leader"},
		labelsToRemove(wl, mesh.Pod{Endpoints: []string{"leader", "web"}}),
	); diff != "" {
		t.Errorf("endpoint (-want +got):\n%s", diff)
	}
	if reason := Unfit(wl); !strings.Contains(reason, "Service leader selects some") {
		t.Errorf("unfit: got %q, want Service leader in it", reason)
	}
}

// A detached pod that has no Services any more is parked.
func TestPodWithoutServicesIsParked(t *testing.T) {
	wl := webWorkload()
	wl.Services = nil
	p := mesh.Pod{Name: "p", UID: "u", Swap: mesh.Swap{Workload: wl.Ref(), Place: mesh.Detached}}
	c, err := renderPark(p, wl, step.Target{Run: "r"}, noon)
	if err != nil {
		t.Fatal(err)
	}
	var body struct {
		Metadata struct{ Annotations map[string]string }
	}
	if err := json.Unmarshal(c.Patch, &body); err != nil {
		t.Fatal(err)
	}
	if s := ReadMark(map[string]string{KeepLabel: "k"}, body.Metadata.Annotations); s.Place != mesh.Parked {
		t.Errorf("place: got %q, want parked", s.Place)
	}
}

// The removed labels detach a pod from every Service, and are no more than necessary.
func TestLabelsToRemoveLeaveEveryService(t *testing.T) {
	wl := mesh.Workload{Services: []mesh.Service{
		{Name: "a", Selector: map[string]string{"app": "web", "version": "1"}},
		{Name: "b", Selector: map[string]string{"app": "web"}},
		{Name: "c", Selector: map[string]string{"tier": "front"}}}}
	if diff := cmp.Diff(map[string]string{"app": "web", "tier": "front"}, labelsToRemove(wl, mesh.Pod{})); diff != "" {
		t.Errorf("labels to remove (-want +got):\n%s", diff)
	}
}
