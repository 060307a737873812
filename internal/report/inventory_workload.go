// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"slices"

	"github.com/rerig/rerig/internal/mesh"
)

// WorkloadState is one workload with its revision from four sources: the labels, the
// live webhooks, the sidecars of its pods, and the istiods that they are connected to.
type WorkloadState struct {
	Kind      string `json:"kind"`
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	Gateway   bool   `json:"gateway,omitempty"`
	Wanted    int    `json:"wanted"`
	Ready     int    `json:"ready"`

	Labels       SelectedRevision `json:"labels"`
	Webhooks     []string         `json:"webhooks"` // the revisions that the live webhooks inject into new pods
	Sidecars     []SidecarCount   `json:"sidecars"`
	Connections  []Connection     `json:"connections"`
	Disconnected []string         `json:"disconnected,omitempty"` // pods whose proxy no istiod reports
	Unknown      bool             `json:"unknown,omitempty"`      // an istiod did not answer, so Disconnected is not certain

	SwapPods string `json:"swapPods,omitempty"` // of a swap: "1 detached, 2 parked"
	Keeper   string `json:"keeper,omitempty"`   // the Service that keeps the listeners of parked pods

	Findings []string `json:"findings,omitempty"` // where the sources disagree
	Remarks  []string `json:"remarks,omitempty"`  // what a swap has changed
}

// SidecarCount is the number of pods with a sidecar of one revision and version; the
// revision is "" for those without a sidecar.
type SidecarCount struct {
	Revision string `json:"revision"`
	Version  string `json:"version"`
	Pods     int    `json:"pods"`
}

// Connection is what one istiod reports about the proxies of a workload.
type Connection struct {
	Istiod   string   `json:"istiod"`
	Revision string   `json:"revision"`
	Version  string   `json:"version"` // of the istiod
	Proxies  int      `json:"proxies"`
	Unacked  []string `json:"unacked,omitempty"`  // "web-1: CDS"
	Rejected []string `json:"rejected,omitempty"` // "web-1: LDS: duplicate listener"
}

func workloadState(w mesh.World, wl mesh.Workload) WorkloadState {
	ns, _ := w.Namespace(wl.Namespace)
	t := WorkloadState{
		Kind: string(wl.Kind), Namespace: wl.Namespace, Name: wl.Name, Gateway: wl.Gateway, Wanted: wl.Replicas,
		Labels: selectedRevision(w, ns, wl.Template), Webhooks: orEmpty(w.Injectors(ns, wl.Template)),
		Sidecars: []SidecarCount{}, Connections: connectionsOf(w, wl), Unknown: someIstiodSilent(w),
		SwapPods: swapPods(wl), Keeper: wl.Keeper, Remarks: swapRemarks(wl),
	}
	for _, p := range wl.Live() {
		if p.Ready {
			t.Ready++
		}
		t.Sidecars = countSidecar(t.Sidecars, p.Sidecar)
		if p.Sidecar.Present && len(w.Connections(wl.Namespace, p.Name)) == 0 {
			t.Disconnected = append(t.Disconnected, p.Name)
		}
	}
	t.Findings = disagreements(w, wl, t)
	return t
}

func countSidecar(list []SidecarCount, s mesh.Sidecar) []SidecarCount {
	i := slices.IndexFunc(list, func(c SidecarCount) bool { return c.Revision == s.Revision && c.Version == s.Version })
	if i < 0 {
		return append(list, SidecarCount{Revision: s.Revision, Version: s.Version, Pods: 1})
	}
	list[i].Pods++
	return list
}

// connectionsOf returns the istiods that the proxies of a workload are connected to.
func connectionsOf(w mesh.World, wl mesh.Workload) []Connection {
	list := []Connection{}
	for _, pod := range wl.Live() {
		for _, p := range w.Connections(wl.Namespace, pod.Name) {
			i := slices.IndexFunc(list, func(x Connection) bool { return x.Istiod == p.Istiod })
			if i < 0 {
				i = len(list)
				list = append(list, Connection{Istiod: p.Istiod, Revision: p.Revision, Version: istiodVersion(w, p)})
			}
			list[i].Proxies++
			for _, u := range p.Unacked {
				list[i].Unacked = append(list[i].Unacked, p.Pod+": "+u)
			}
			for _, r := range p.Rejected {
				list[i].Rejected = append(list[i].Rejected, fmt.Sprintf("%s: %s: %s", p.Pod, r.Type, r.Reason))
			}
		}
	}
	return list
}

func istiodVersion(w mesh.World, p mesh.Proxy) string {
	r, _ := w.Revision(p.Revision)
	for _, i := range r.Istiods {
		if i.Pod == p.Istiod {
			return i.Version
		}
	}
	return ""
}

// someIstiodSilent reports whether an istiod did not report its proxies.
func someIstiodSilent(w mesh.World) bool {
	return slices.ContainsFunc(w.Revisions, func(r mesh.Revision) bool {
		return slices.ContainsFunc(r.Istiods, func(i mesh.Istiod) bool { return !i.Answers() })
	})
}
