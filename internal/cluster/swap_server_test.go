// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"errors"
	"github.com/google/go-cmp/cmp"
	"github.com/rerig/rerig/internal/cluster/client"
	"github.com/rerig/rerig/internal/engine"
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/swap"
	"github.com/rerig/rerig/internal/step"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"testing"
	"time"
)

// testSwap makes every move of a swap on a pod of a real API server, and reads it back.
func testSwap(t *testing.T, c *fixture) {
	createNamespace(t, c, "swap", nil)
	createRun(t, c, "swap", "r")
	by := client.Creating
	service := &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: "web"},
		Spec:       corev1.ServiceSpec{Selector: map[string]string{"app": "web"}, Ports: []corev1.ServicePort{{Port: 80}}},
	}
	if _, err := c.api.CoreV1().Services("swap").Create(t.Context(), service, by); err != nil {
		t.Fatal(err)
	}
	running(t, c, "swap", "web-0", map[string]string{"app": "web", swap.HashLabel: "h1"}, nil)
	wl := mesh.Workload{Kind: mesh.Deployment, Namespace: "swap", Name: "web", Replicas: 1, ReplicaSetHash: "h1",
		Services: []mesh.Service{
			{Name: "web", Selector: map[string]string{"app": "web"}, Ports: []mesh.Port{{Number: 80, Target: "80", Protocol: "TCP"}}},
		}}
	at := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	target := step.Target{Run: "swap"}
	do := func(kind swap.ActionKind, want mesh.Place, owners int) {
		t.Helper()
		seen := observed(t, c, &wl)
		m := swap.Action{Kind: kind, Pod: seen, Other: seen}
		changes, err := swap.Render(m, wl, target, at)
		if err != nil {
			t.Fatal(err)
		}
		for _, change := range changes {
			if err := c.Write(t.Context(), change); err != nil {
				t.Fatalf("%s: %v", kind, err)
			}
			if change.Kind == "Pod" && change.Verb == step.Patch && want != seen.Swap.Place {
				if err := c.Write(t.Context(), change); !errors.Is(err, engine.ErrConflict) {
					t.Errorf("%s twice: %v", kind, err)
				}
			}
		}
		p, err := c.api.CoreV1().Pods("swap").Get(t.Context(), "web-0", metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if now := observed(t, c, &wl); now.Swap.Place != want || len(p.OwnerReferences) != owners {
			t.Errorf("after %s it is %q and owned by %v", kind, now.Swap.Place, p.OwnerReferences)
		}
	}
	do(swap.CreateKeeper, mesh.Attached, 0)
	do(swap.Detach, mesh.Detached, 0)
	do(swap.Park, mesh.Parked, 1)
	do(swap.Unpark, mesh.Detached, 0)
	do(swap.Reattach, mesh.Attached, 0)
	do(swap.RemoveMark, mesh.Attached, 0)
	p, err := c.api.CoreV1().Pods("swap").Get(t.Context(), "web-0", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"app": "web", swap.HashLabel: "h1"}, p.Labels); diff != "" ||
		p.Annotations[swap.SwapAnnotation] != "" {
		t.Errorf("at the end it bears %v (-want +got):\n%s", p.Annotations, diff)
	}
	keeper, err := c.api.CoreV1().Services("swap").Get(t.Context(), wl.Keeper, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if s := keeper.Spec; s.ClusterIP != "None" || s.Ports[0].TargetPort.IntValue() != 80 || len(keeper.OwnerReferences) != 1 ||
		s.Selector[swap.KeepLabel] != wl.Keeper {
		t.Errorf("the keeper is %+v, owned by %v", s, keeper.OwnerReferences)
	}
	deleted(t, c, wl)
}

// deleted deletes a parked pod and the keeper.
func deleted(t *testing.T, c *fixture, wl mesh.Workload) {
	t.Helper()
	target := step.Target{Run: "swap"}
	for _, kind := range []swap.ActionKind{swap.Detach, swap.Park, swap.DeletePod, swap.DeleteKeeper} {
		changes, err := swap.Render(swap.Action{Kind: kind, Pod: observed(t, c, &wl)}, wl, target, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Write(t.Context(), changes[0]); err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
	}
	if _, err := c.api.CoreV1().Services("swap").Get(t.Context(), wl.Keeper, metav1.GetOptions{}); err == nil {
		t.Error("the keeper is still there")
	}
}

// observed returns the pod as an observation has it. Its Deployment does not exist, so
// the pod is what is left of a deleted workload.
func observed(t *testing.T, c *fixture, wl *mesh.Workload) mesh.Pod {
	t.Helper()
	w, err := c.Observe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if seen, ok := w.Workload(wl.Ref()); ok {
		wl.Keeper = seen.Keeper
		if !seen.Deleted {
			t.Errorf("a workload without its Deployment is not said to be gone: %+v", seen)
		}
		for _, p := range seen.Pods {
			return p
		}
	}
	bare, _ := w.Workload("Pod swap/web-0")
	if len(bare.Pods) == 0 {
		return mesh.Pod{}
	}
	return bare.Pods[0]
}
