// SPDX-License-Identifier: Apache-2.0

package advice

import (
	"cmp"
	"fmt"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/strategy"
	"github.com/rerig/rerig/internal/plan/swap"
	"github.com/rerig/rerig/internal/step"
)

// noCapacity notes missing capacity for a workload's move. A restart may need a pod beside
// the present ones, an eviction one for the evicted pod; a swap keeps every old pod until
// the soak is over, and creates a keeper.
func noCapacity(w mesh.World, t step.Target, wl mesh.Workload, p step.Decision) []step.Note {
	what := "restart"
	var lack string
	switch p.Strategy {
	case step.BySwap, step.ByHold:
		d := swapDemand(wl, t)
		lack, what = cmp.Or(w.Shortage(wl, d.Pods), w.OverQuota(wl.Namespace, "its swap takes", d)), "swap"
	case step.ByRestart:
		lack = w.Shortage(wl, wl.Surge)
	default:
		lack = w.Shortage(wl, 0)
	}
	if lack == "" {
		return nil
	}
	return []step.Note{{
		Kind:     step.NoCapacity,
		Subject:  string(wl.Ref()),
		Text:     fmt.Sprintf("lacks capacity for its %s: the %s waits for it, and holds the run after the ready timeout", what, what),
		Evidence: lack,
		Remedy:   addCapacity,
	}}
}

const addCapacity = "raise the quota, add a node, or scale something down"

// swapDemand returns what a swap still adds. Parked pods that return add nothing.
func swapDemand(wl mesh.Workload, t step.Target) mesh.Demand {
	s := swap.PodsOf(wl, t)
	d := mesh.Demand{Needs: wl.Needs, Pods: max(0, len(s.Outdated)-len(s.Parked)-len(s.Returning))}
	if d.Pods > 0 && wl.Keeper == "" {
		d.Services = 1
	}
	return d
}

// namespaceCapacity notes a namespace with capacity for each of its swaps, but not for all
// of them together.
func namespaceCapacity(w mesh.World, t step.Target, namespace string) []step.Note {
	var all []mesh.Demand
	for _, wl := range w.WorkloadsIn(namespace) {
		p := strategy.Decide(t.Policy, wl)
		if !p.Strategy.ParksPods() {
			continue
		}
		if len(noCapacity(w, t, wl, p)) > 0 {
			return nil // noted at that workload
		}
		all = append(all, swapDemand(wl, t))
	}
	lack := w.OverQuota(namespace, "its swaps take", all...)
	if lack == "" {
		return nil
	}
	return []step.Note{{
		Kind:    step.NoCapacity,
		Subject: namespace,
		Text: "lacks capacity for all of its swaps together, which keep old pods until the soak is over: " +
			"a swap waits for capacity, and holds the run after the ready timeout",
		Evidence: lack,
		Remedy:   addCapacity + "; or choose another strategy for some of its workloads",
	}}
}

// atMaximum notes a workload that its autoscaler cannot scale up.
func atMaximum(wl mesh.Workload) []step.Note {
	if !wl.Scaler.Full {
		return nil
	}
	return []step.Note{{
		Kind:     step.AtMaximum,
		Subject:  string(wl.Ref()),
		Text:     "is at its autoscaler's maximum: no pod is added under load while others are replaced",
		Evidence: fmt.Sprintf("HorizontalPodAutoscaler %s, at most %d", wl.Scaler.Name, wl.Scaler.Max),
	}}
}

// unknownCapacity notes what could not be read of nodes and quotas.
func unknownCapacity(w mesh.World) []step.Note {
	var notes []step.Note
	for _, what := range w.Capacity.Unknown {
		notes = append(notes, step.Note{
			Kind: step.CapacityUnknown, Subject: what,
			Text: "could not be read: capacity for the pods that a restart adds is not known",
		})
	}
	return notes
}
