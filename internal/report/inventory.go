// SPDX-License-Identifier: Apache-2.0

package report

import (
	"slices"

	"github.com/rerig/rerig/internal/mesh"
)

// Inventory is an observation of the mesh for text and JSON: the control planes, and
// the revision of every workload from four sources.
type Inventory struct {
	RootNamespace string          `json:"rootNamespace"`
	OtherMeshes   []OtherMesh     `json:"otherMeshes,omitempty"`
	Revisions     []ControlPlane  `json:"revisions"`
	Tags          []Tag           `json:"tags"`
	Namespaces    []Namespace     `json:"namespaces"`
	Workloads     []WorkloadState `json:"workloads"`
	Trials        []TrialPod      `json:"trials,omitempty"`
	UnknownPods   []UnknownPod    `json:"unknownPods,omitempty"`
	Findings      []string        `json:"findings"` // problems of control planes and namespaces
}

// OtherMesh is another mesh in the cluster. Nothing else in the inventory is about it.
type OtherMesh struct {
	RootNamespace string   `json:"rootNamespace"`
	Revisions     []string `json:"revisions"`
	Namespaces    []string `json:"namespaces"`
}

// ControlPlane is the control plane of one revision.
type ControlPlane struct {
	Name    string   `json:"name"`
	Version string   `json:"version"`
	Wanted  int      `json:"wanted"`
	Ready   int      `json:"ready"`
	Istiods []Istiod `json:"istiods"`
	Proxies int      `json:"proxies"` // connections that its istiods report
	Missing []string `json:"missing,omitempty"`
}

// Istiod is one pod of a control plane.
type Istiod struct {
	Pod     string `json:"pod"`
	Version string `json:"version"`
	Ready   bool   `json:"ready"`
	Answers bool   `json:"answers"`
	Silence string `json:"silence,omitempty"` // why it does not answer
}

// Tag is a revision tag.
type Tag struct {
	Name     string `json:"name"`
	Revision string `json:"revision"`
	Served   bool   `json:"served"` // the revision exists
}

// Namespace is a namespace with labels or workloads of the mesh.
type Namespace struct {
	Name    string `json:"name"`
	Binding string `json:"binding"`
}

// UnknownPod is a connected proxy that is no pod of a known workload, such as a
// virtual machine.
type UnknownPod struct {
	Namespace string `json:"namespace"`
	Pod       string `json:"pod"`
	Istiod    string `json:"istiod"`
	Revision  string `json:"revision"`
}

// InventoryOf returns the inventory of an observation.
func InventoryOf(w mesh.World) Inventory {
	inv := Inventory{
		RootNamespace: w.RootNamespace, Revisions: orEmpty(controlPlanes(w)), Tags: []Tag{}, Namespaces: orEmpty(namespacesOf(w)),
		Workloads: []WorkloadState{}, Trials: trialPods(w), UnknownPods: unknownPods(w), Findings: findings(w),
	}
	for _, m := range w.OtherMeshes {
		inv.OtherMeshes = append(inv.OtherMeshes,
			OtherMesh{RootNamespace: m.RootNamespace, Revisions: orEmpty(m.Revisions), Namespaces: orEmpty(m.Namespaces)})
	}
	for _, t := range w.Tags {
		inv.Tags = append(inv.Tags, Tag{Name: t.Name, Revision: t.Revision, Served: exists(w, t.Revision)})
	}
	for _, wl := range w.Workloads {
		inv.Workloads = append(inv.Workloads, workloadState(w, wl))
	}
	return inv
}

func controlPlanes(w mesh.World) []ControlPlane {
	proxies := map[string]int{}
	for _, p := range w.Proxies {
		proxies[p.Revision]++
	}
	var list []ControlPlane
	for _, r := range w.Revisions {
		c := ControlPlane{
			Name: r.Name, Version: r.Version, Wanted: r.Replicas, Ready: r.Ready, Missing: r.Missing, Istiods: []Istiod{}, Proxies: proxies[r.Name],
		}
		for _, i := range r.Istiods {
			c.Istiods = append(c.Istiods, Istiod{Pod: i.Pod, Version: i.Version, Ready: i.Ready, Answers: i.Answers(), Silence: i.NoAnswer})
		}
		list = append(list, c)
	}
	return list
}

func tagsByRevision(w mesh.World) map[string][]string {
	tags := map[string][]string{}
	for _, t := range w.Tags {
		tags[t.Revision] = append(tags[t.Revision], t.Name)
	}
	return tags
}

// namespacesOf lists the namespaces with labels or workloads of the mesh.
func namespacesOf(w mesh.World) []Namespace {
	var list []Namespace
	for _, ns := range w.Namespaces {
		if len(w.WorkloadsIn(ns.Name)) > 0 || ns.Mesh == "" && ns.Binding() != (mesh.Binding{}) {
			list = append(list, Namespace{Name: ns.Name, Binding: ns.Binding().String()})
		}
	}
	return list
}

func unknownPods(w mesh.World) []UnknownPod {
	known := map[[2]string]bool{}
	for _, wl := range w.Workloads {
		for _, p := range wl.Pods {
			known[[2]string{wl.Namespace, p.Name}] = true
		}
	}
	for _, x := range w.Trials {
		known[[2]string{x.Namespace, x.Pod.Name}] = true
	}
	proxies := slices.DeleteFunc(slices.Clone(w.Proxies), func(p mesh.Proxy) bool { return known[[2]string{p.Namespace, p.Pod}] })
	var list []UnknownPod
	for _, p := range proxies {
		list = append(list, UnknownPod{Namespace: p.Namespace, Pod: p.Pod, Istiod: p.Istiod, Revision: p.Revision})
	}
	return list
}
