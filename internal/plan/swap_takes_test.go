// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/swap"
	"github.com/rerig/rerig/internal/step"
)

func front(others ...mesh.PodSelector) mesh.Workload {
	return mesh.Workload{Kind: mesh.Deployment, Namespace: "shop", Name: "web", ReplicaSetHash: "h1",
		Template:  mesh.Template{Labels: map[string]string{"app": "web", "tier": "front", "team": "a"}},
		Services:  []mesh.Service{{Name: "web", Selector: map[string]string{"app": "web", "tier": "front"}}},
		Selectors: others}
}

func by(does mesh.Effect, subject string, s ...mesh.Requirement) mesh.PodSelector {
	return mesh.PodSelector{Subject: subject, Effect: does, Selector: s}
}

func has(key string, values ...string) mesh.Requirement {
	return mesh.Requirement{Key: key, Operator: mesh.In, Values: values}
}

// A parked pod has left what counts the pods that serve, no rule has ceased or
// begun to hold for it, and nobody else has taken it; where that cannot be had,
// nothing is swapped.
func TestWhatElseGoesByLabels(t *testing.T) {
	absent := mesh.Requirement{Key: "app", Operator: mesh.DoesNotExist}
	for name, tc := range map[string]struct {
		wl    mesh.Workload
		takes map[string]string
		says  string
	}{
		"nothing": {front(), map[string]string{"app": "web"}, ""},
		"a rule by a label beside": {
			front(by(mesh.SetsPolicy, "NetworkPolicy shop/p", has("team", "a"))),
			map[string]string{"app": "web"},
			"",
		},
		"a rule by one of two": {
			front(by(mesh.SetsPolicy, "NetworkPolicy shop/p", has("app", "web"))),
			map[string]string{"tier": "front"},
			"",
		},
		"a rule by both": {
			front(by(mesh.SetsPolicy, "AuthorizationPolicy shop/p", has("app", "web"), has("tier", "front"))),
			map[string]string{"app": "web"},
			"AuthorizationPolicy shop/p selects by labels that a parked pod loses",
		},
		"a rule for others": {
			front(by(mesh.SetsPolicy, "NetworkPolicy shop/p", has("app", "api"))),
			map[string]string{"tier": "front"},
			"",
		},
		"a rule that would begin": {
			front(by(mesh.SetsPolicy, "NetworkPolicy shop/p", absent), by(mesh.SetsPolicy, "Sidecar shop/s", has("tier", "front"))),
			nil,
			"shop/",
		},
		"a rule by the hash": {
			front(by(mesh.SetsPolicy, "NetworkPolicy shop/p", has(swap.HashLabel, "h1"))), nil,
			"NetworkPolicy shop/p",
		},
		"a rule for all": {front(by(mesh.SetsPolicy, "NetworkPolicy shop/p")), map[string]string{"app": "web"}, ""},
		"a budget by the same label": {
			front(by(mesh.CountsReady, "PodDisruptionBudget shop/b", has("tier", "front"))),
			map[string]string{"tier": "front"},
			"",
		},
		"a budget by another label": {
			front(by(mesh.CountsReady, "PodDisruptionBudget shop/b", has("team", "a"))),
			map[string]string{"app": "web", "team": "a"},
			"",
		},
		"a budget for all": {
			front(by(mesh.CountsReady, "PodDisruptionBudget shop/b")), nil,
			"PodDisruptionBudget shop/b would count its parked pods",
		},
		"a budget by what a rule goes by": {
			front(by(mesh.CountsReady, "PodDisruptionBudget shop/b", has("team", "a")), by(mesh.SetsPolicy, "Sidecar shop/s", has("team", "a"))),
			nil,
			"Sidecar shop/s",
		},
		"an autoscaler by another label": {
			front(by(mesh.ScalesPods, "HorizontalPodAutoscaler shop/h", has("team", "a"))),
			map[string]string{"app": "web", "team": "a"},
			"",
		},
		"an autoscaler by the same label": {
			front(by(mesh.ScalesPods, "HorizontalPodAutoscaler shop/h", has("tier", "front"), has("team", "a"))),
			map[string]string{"tier": "front"},
			"",
		},
		"an autoscaler of another": {
			front(by(mesh.ScalesPods, "HorizontalPodAutoscaler shop/h", has("team", "b"))),
			map[string]string{"app": "web"},
			"",
		},
		"an autoscaler for all": {
			front(by(mesh.ScalesPods, "HorizontalPodAutoscaler shop/h")), nil,
			"HorizontalPodAutoscaler shop/h would count its parked pods",
		},
		"an autoscaler by a rule's label": {front(
			by(mesh.ScalesPods, "HorizontalPodAutoscaler shop/h", has("team", "a")),
			by(mesh.SetsPolicy, "Sidecar shop/s", has("team", "a")),
		), nil,
			"it has to lose team, or HorizontalPodAutoscaler shop/h would count it"},
		"a DaemonSet with the same labels": {
			front(by(mesh.AdoptsPods, "DaemonSet shop/web", has("team", "a"))), nil,
			"DaemonSet shop/web would take control of its detached pods",
		},
		"another ReplicaSet": {front(by(mesh.AdoptsPods, "ReplicaSet shop/api", has("app", "api"))), nil, ""},
		"a ServiceEntry": {
			front(by(mesh.SendsTraffic, "ServiceEntry shop/e", has("team", "a"))), nil,
			"ServiceEntry shop/e sends requests",
		},
		"not known": {
			front(mesh.PodSelector{Subject: "NetworkPolicies", Effect: mesh.NotListable}), nil,
			"you may not list NetworkPolicies",
		},
	} {
		t.Run(name, func(t *testing.T) {
			if why := swap.Unfit(tc.wl); (why == "") != (tc.says == "") || !strings.Contains(why, tc.says) {
				t.Errorf("it says %q, not %q", why, tc.says)
			}
			if diff := cmp.Diff(tc.takes, swap.LabelsToRemove(tc.wl, mesh.Pod{})); tc.takes != nil && diff != "" {
				t.Errorf("it takes (-wanted +taken):\n%s", diff)
			}
		})
	}
}

// A Service that has only one of the pods is left by that one, and its label is
// nobody else's.
func TestOnlyTheChosenLoseAPartialService(t *testing.T) {
	wl := front()
	wl.Services = append(wl.Services, mesh.Service{Name: "leader", Partial: true, Selector: map[string]string{"role": "leader"}})
	if diff := cmp.Diff(map[string]string{"app": "web"}, swap.LabelsToRemove(wl, mesh.Pod{})); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(
		map[string]string{"app": "web", "role": "leader"},
		swap.LabelsToRemove(wl, mesh.Pod{Endpoints: []string{"leader", "web"}}),
	); diff != "" {
		t.Error(diff)
	}
	if why := swap.Unfit(wl); !strings.Contains(why, "Service leader selects some") {
		t.Errorf("it says %q", why)
	}
}

// A pod that lost its Services while it was released is parked all the same.
func TestAPodWithoutServicesIsParked(t *testing.T) {
	wl := front()
	wl.Services = nil
	p := mesh.Pod{Name: "p", UID: "u", Swap: mesh.Swap{Workload: wl.Ref(), Place: mesh.Detached}}
	c, err := swap.RenderPark(p, wl, step.Target{Run: "r"}, noon)
	if err != nil {
		t.Fatal(err)
	}
	var body struct {
		Metadata struct{ Annotations map[string]string }
	}
	if err := json.Unmarshal(c.Patch, &body); err != nil {
		t.Fatal(err)
	}
	if s := swap.ReadMark(map[string]string{swap.KeepLabel: "k"}, body.Metadata.Annotations); s.Place != mesh.Parked {
		t.Errorf("it is %q", s.Place)
	}
}
