// SPDX-License-Identifier: Apache-2.0

package swap

import (
	"maps"
	"slices"
	"time"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// Simulate predicts a workload whose pods of other revisions are parked. Parked pods
// that fit replace them, else new pods, injected by the live webhooks.
func Simulate(w *mesh.World, t step.Target, s step.Step, at time.Time) {
	for i, wl := range w.Workloads {
		if wl.Ref() != s.Workload() {
			continue
		}
		stock := PodsOf(wl, t)
		wl.Template, wl.Held = s.TemplateAfter(wl.Template), mesh.HeldRollout{}
		ns, _ := w.Namespace(wl.Namespace)
		by := w.Injectors(ns, wl.Template)
		if wl.Prerendered() {
			by = []string{t.RevisionOf(wl)}
			wl.Template.Annotations = maps.Clone(wl.Template.Annotations)
			if wl.Template.Annotations == nil {
				wl.Template.Annotations = map[string]string{}
			}
			wl.Template.Annotations[mesh.RevisionLabel] = by[0]
		}
		pods := slices.DeleteFunc(slices.Clone(wl.Pods), func(p mesh.Pod) bool {
			return slices.ContainsFunc(stock.Outdated, func(o mesh.Pod) bool { return o.Name == p.Name })
		})
		for n, old := range stock.Outdated {
			fresh := mesh.Pod{Name: old.Name + "'", Running: true, Ready: true, Current: true, HasController: true}
			if len(by) > 0 {
				fresh.Sidecar = mesh.Sidecar{Present: true, Revision: by[0]}
			}
			if n < len(stock.Parked) {
				fresh = stock.Parked[n]
				fresh.Swap = mesh.Swap{
					Workload: fresh.Swap.Workload, Run: fresh.Swap.Run, Role: fresh.Swap.Role,
					ReplicaSetHash: fresh.Swap.ReplicaSetHash,
				}
				fresh.HasController, fresh.Current = true, true
				pods = slices.DeleteFunc(pods, func(p mesh.Pod) bool { return p.Name == fresh.Name })
			}
			pods = append(pods, fresh, parkedPod(old, wl, t, at))
		}
		wl.Pods, wl.Keeper = pods, keeperName(wl.Ref())
		w.Workloads[i] = wl
	}
	w.Sort()
}

// parkedPod returns a pod once it is parked.
func parkedPod(p mesh.Pod, wl mesh.Workload, t step.Target, at time.Time) mesh.Pod {
	role := mesh.Original
	if t.Rollback {
		role = mesh.Replacement
	}
	if p.Swap.Marked() {
		role = p.Swap.Role
	}
	p.Swap = mesh.Swap{
		Workload: wl.Ref(), Run: t.Run, Role: role, ReplicaSetHash: wl.ReplicaSetHash, Place: mesh.Parked,
		RemovedLabels: labelsToRemove(wl, p), ParkedAt: at,
	}
	p.HasController, p.Current = false, false
	return p
}

// SimulateDeleteParked predicts a workload once its swap is cleaned up.
func SimulateDeleteParked(w *mesh.World, s step.Step) {
	for i, wl := range w.Workloads {
		if wl.Ref() != s.Workload() {
			continue
		}
		var pods []mesh.Pod
		for _, p := range wl.Pods {
			if p.Swap.Place == mesh.Attached {
				p.Swap = mesh.Swap{}
				pods = append(pods, p)
			}
		}
		wl.Pods, wl.Keeper = pods, ""
		w.Workloads[i] = wl
	}
}
