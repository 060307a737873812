// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/swap"
)

// deletedOwner begins the UID that stands for a workload that no longer exists.
const deletedOwner = "gone: "

// swapOf returns what a swap has made of a pod. A mark that names a workload of
// another namespace was copied, and is ignored.
func swapOf(p *corev1.Pod) mesh.Swap {
	s := swap.ReadMark(p.Labels, p.Annotations)
	if s.Workload.Namespace() != p.Namespace {
		return mesh.Swap{}
	}
	return s
}

// detachedPods assigns the pods and keepers of swaps to their workloads, by their
// marks: no controller owns such pods.
type detachedPods struct {
	uids    map[mesh.WorkloadRef]types.UID // of existing workloads
	keepers map[mesh.WorkloadRef]string    // not assigned yet
}

func (r readings) detachedPods() detachedPods {
	d := detachedPods{uids: map[mesh.WorkloadRef]types.UID{}, keepers: maps.Clone(r.keepers)}
	for _, c := range r.deployments {
		d.uids[c.Ref()] = c.uid
	}
	return d
}

// owner returns a pod's workload: by its mark, if a swap detached it.
func (d detachedPods) owner(p pod, root owner) owner {
	if !p.Swap.Marked() || p.Swap.Place == mesh.Attached && p.HasController {
		return root
	}
	o := ownerOf(p.Swap.Workload)
	if o.uid = d.uids[p.Swap.Workload]; o.uid == "" {
		o.uid = types.UID(deletedOwner + p.Swap.Workload)
	}
	return o
}

func ownerOf(ref mesh.WorkloadRef) owner {
	return owner{kind: ref.Kind(), namespace: ref.Namespace(), name: ref.Name()}
}

// assigned notes that a workload exists: its keeper is part of it.
func (d detachedPods) assigned(ref mesh.WorkloadRef) { delete(d.keepers, ref) }

// deletedWorkload returns a workload of which only detached pods are left, with the
// Services that still select them.
func (d detachedPods) deletedWorkload(pods []pod, services map[string][]mesh.Service) (mesh.Workload, bool) {
	o := pods[0].owner
	if !strings.HasPrefix(string(o.uid), deletedOwner) {
		return mesh.Workload{}, false
	}
	w := mesh.Workload{Kind: o.kind, Namespace: o.namespace, Name: o.name, Deleted: true}
	w.Keeper = d.keepers[w.Ref()]
	d.assigned(w.Ref())
	for _, s := range services[w.Namespace] {
		if slices.ContainsFunc(pods, func(p pod) bool { return s.Selects(p.labels) }) {
			w.Services = append(w.Services, s)
		}
	}
	for _, p := range pods {
		w.Pods = append(w.Pods, p.Pod)
	}
	return w, true
}

// onlyKeepers returns the workloads of which only a keeper is left.
func (d detachedPods) onlyKeepers() []mesh.Workload {
	var list []mesh.Workload
	for ref, name := range d.keepers {
		o := ownerOf(ref)
		list = append(list, mesh.Workload{Kind: o.kind, Namespace: o.namespace, Name: o.name, Deleted: true, Keeper: name})
	}
	return list
}
