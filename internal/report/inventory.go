// SPDX-License-Identifier: Apache-2.0

package report

import (
	"slices"

	"github.com/rerig/rerig/internal/mesh"
)

// Inventory is a World as people and programs want to read it: who serves, and
// for every workload the four truths side by side.
type Inventory struct {
	RootNamespace string     `json:"rootNamespace"`
	Revisions     []Control  `json:"revisions"`
	Tags          []Tag      `json:"tags"`
	Namespaces    []Space    `json:"namespaces"`
	Workloads     []Truths   `json:"workloads"`
	Trials        []StandIn  `json:"trials,omitempty"`    // pods that a run tries
	Strangers     []Stranger `json:"strangers,omitempty"` // proxies that belong to no workload that was seen
	Findings      []string   `json:"findings"`            // what is wrong with the control planes and namespaces, in plain words
}

// Control is one control plane.
type Control struct {
	Name    string   `json:"name"`
	Version string   `json:"version"`
	Wanted  int      `json:"wanted"`
	Ready   int      `json:"ready"`
	Istiods []Istiod `json:"istiods"`
	Proxies int      `json:"proxies"` // connections that its istiods report
	Missing []string `json:"missing,omitempty"`
}

// Istiod is one of its pods.
type Istiod struct {
	Pod     string `json:"pod"`
	Version string `json:"version"`
	Ready   bool   `json:"ready"`
	Answers bool   `json:"answers"`
	Silence string `json:"silence,omitempty"`
}

// Tag is a revision tag and whether somebody serves it.
type Tag struct {
	Name     string `json:"name"`
	Revision string `json:"revision"`
	Served   bool   `json:"served"`
}

// Space is a namespace that concerns the mesh.
type Space struct {
	Name    string `json:"name"`
	Binding string `json:"binding"`
}

// Stranger is a connection of a proxy that is no pod of a known workload, such
// as a virtual machine's.
type Stranger struct {
	Namespace string `json:"namespace"`
	Pod       string `json:"pod"`
	Istiod    string `json:"istiod"`
	Revision  string `json:"revision"`
}

// InventoryOf reads an inventory off a World.
func InventoryOf(w mesh.World) Inventory {
	inv := Inventory{RootNamespace: w.RootNamespace, Findings: planes(w),
		Revisions: []Control{}, Tags: []Tag{}, Namespaces: []Space{}, Workloads: []Truths{}}
	for _, r := range w.Revisions {
		inv.Revisions = append(inv.Revisions, controlOf(w, r))
	}
	for _, t := range w.Tags {
		inv.Tags = append(inv.Tags, Tag{t.Name, t.Revision, exists(w, t.Revision)})
	}
	for _, wl := range w.Workloads {
		inv.Workloads = append(inv.Workloads, truthsOf(w, wl))
	}
	inv.Namespaces = append(inv.Namespaces, spaces(w)...)
	inv.Trials = standIns(w)
	inv.Strangers = strangers(w)
	return inv
}

func controlOf(w mesh.World, r mesh.Revision) Control {
	c := Control{Name: r.Name, Version: r.Version, Wanted: r.Replicas, Ready: r.Ready, Missing: r.Missing, Istiods: []Istiod{}}
	for _, i := range r.Istiods {
		c.Istiods = append(c.Istiods, Istiod{i.Pod, i.Version, i.Ready, i.Answers(), i.NoAnswer})
	}
	for _, p := range w.Proxies {
		if p.Revision == r.Name {
			c.Proxies++
		}
	}
	return c
}

// spaces lists the namespaces that are bound or hold workloads of the mesh.
func spaces(w mesh.World) []Space {
	var list []Space
	for _, ns := range w.Namespaces {
		used := slices.ContainsFunc(w.Workloads, func(wl mesh.Workload) bool { return wl.Namespace == ns.Name })
		if used || ns.Binding() != (mesh.Binding{}) {
			list = append(list, Space{ns.Name, ns.Binding().String()})
		}
	}
	return list
}

func strangers(w mesh.World) []Stranger {
	known := map[[2]string]bool{}
	for _, wl := range w.Workloads {
		for _, p := range wl.Pods {
			known[[2]string{wl.Namespace, p.Name}] = true
		}
	}
	for _, x := range w.Trials {
		known[[2]string{x.Namespace, x.Pod.Name}] = true
	}
	var list []Stranger
	for _, p := range w.Proxies {
		if !known[[2]string{p.Namespace, p.Pod}] {
			list = append(list, Stranger{p.Namespace, p.Pod, p.Istiod, p.Revision})
		}
	}
	return list
}
