// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/types"

	"github.com/rerig/rerig/internal/mesh"
)

// keeping attributes what swaps keep to its workloads: by their marks, since no
// controller owns such pods any more.
type keeping struct {
	uids    map[string]types.UID // of what is there, by key
	keepers map[string]string    // not attributed yet
}

func (r readings) keeping() keeping {
	k := keeping{map[string]types.UID{}, map[string]string{}}
	for _, c := range r.deployments {
		k.uids[c.Key()] = c.uid
	}
	for key, name := range r.keepers {
		k.keepers[key] = name
	}
	return k
}

// owner is what a pod belongs to: by its mark, where a swap has it.
func (k keeping) owner(p pod, root owner) owner {
	if !p.Swap.Marked() || p.Swap.Place == mesh.Attached && p.HasController {
		return root
	}
	o := ownerOf(p.Swap.Workload)
	if o.uid = k.uids[p.Swap.Workload]; o.uid == "" {
		o.uid = types.UID("gone: " + p.Swap.Workload)
	}
	return o
}

func ownerOf(key string) owner {
	kind, rest, _ := strings.Cut(key, " ")
	namespace, name, _ := strings.Cut(rest, "/")
	return owner{kind: mesh.Kind(kind), namespace: namespace, name: name}
}

// found takes the keeper of a workload that is there out.
func (k keeping) found(key string) { delete(k.keepers, key) }

// gone is a workload of which only kept pods are left, and the Services that still
// select them.
func (k keeping) gone(pods []pod, services map[string][]mesh.Service) (mesh.Workload, bool) {
	o := pods[0].owner
	if !strings.HasPrefix(string(o.uid), "gone: ") {
		return mesh.Workload{}, false
	}
	w := mesh.Workload{Kind: o.kind, Namespace: o.namespace, Name: o.name, Deleted: true}
	w.Keeper = k.keepers[w.Key()]
	k.found(w.Key())
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

// empty are the workloads of which nothing but a keeper is left.
func (k keeping) empty() []mesh.Workload {
	var list []mesh.Workload
	for key, name := range k.keepers {
		o := ownerOf(key)
		list = append(list, mesh.Workload{Kind: o.kind, Namespace: o.namespace, Name: o.name, Deleted: true, Keeper: name})
	}
	return list
}
