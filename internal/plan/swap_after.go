// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"slices"
	"time"

	"github.com/rerig/rerig/internal/mesh"
)

// swappedAll puts every pod of another revision out of the Services: parked pods
// take their places where they fit, else new ones, of what the live webhooks give.
func swappedAll(w *mesh.World, t Target, s Step, at time.Time) {
	for i, wl := range w.Workloads {
		if wl.Key() != s.Subject {
			continue
		}
		ns, _ := w.Namespace(wl.Namespace)
		by := w.Injectors(ns, wl.Template)
		stock := stockOf(wl, t)
		pods := slices.DeleteFunc(slices.Clone(wl.Pods), func(p mesh.Pod) bool {
			return slices.ContainsFunc(stock.others, func(o mesh.Pod) bool { return o.Name == p.Name })
		})
		for n, old := range stock.others {
			fresh := mesh.Pod{Name: old.Name + "'", Running: true, Ready: true, Current: true, Owned: true}
			if len(by) > 0 {
				fresh.Sidecar = mesh.Sidecar{Present: true, Revision: by[0]}
			}
			if n < len(stock.parked) {
				fresh = stock.parked[n]
				fresh.Swap = mesh.Swap{Workload: fresh.Swap.Workload, Run: fresh.Swap.Run, Role: fresh.Swap.Role, Hash: fresh.Swap.Hash}
				fresh.Owned, fresh.Current = true, true
				pods = slices.DeleteFunc(pods, func(p mesh.Pod) bool { return p.Name == fresh.Name })
			}
			pods = append(pods, fresh, away(old, wl, t, at))
		}
		wl.Pods, wl.Keeper = pods, keep(wl.Key())
		w.Workloads[i] = wl
	}
	w.Sort()
}

// away is a pod once it is parked.
func away(p mesh.Pod, wl mesh.Workload, t Target, at time.Time) mesh.Pod {
	role := mesh.Original
	if t.Back {
		role = mesh.StandIn
	}
	if p.Swap.Marked() {
		role = p.Swap.Role
	}
	p.Swap = mesh.Swap{Workload: wl.Key(), Run: t.Run, Role: role, Hash: wl.Set, Place: mesh.Parked, Taken: takes(wl, p), Parked: at}
	p.Owned, p.Current = false, false
	return p
}

// retired leaves nothing of a swap.
func retired(w *mesh.World, s Step) {
	for i, wl := range w.Workloads {
		if wl.Key() != s.Subject {
			continue
		}
		var pods []mesh.Pod
		for _, p := range wl.Pods {
			if p.Swap.Place == mesh.Held {
				p.Swap = mesh.Swap{}
				pods = append(pods, p)
			}
		}
		wl.Pods, wl.Keeper = pods, ""
		w.Workloads[i] = wl
	}
}
