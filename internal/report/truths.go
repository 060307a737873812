// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"slices"

	"github.com/rerig/rerig/internal/mesh"
)

// Truths are the four answers to "which revision?" for one workload.
type Truths struct {
	Kind      string `json:"kind"`
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	Gateway   bool   `json:"gateway,omitempty"`
	Wanted    int    `json:"wanted"`
	Ready     int    `json:"ready"`

	Asks      Ask      `json:"asks"`      // what the labels ask for
	Webhooks  []string `json:"webhooks"`  // the revisions that the live webhooks would inject into a new pod
	Carries   []Carry  `json:"carries"`   // what the pods were injected with
	Connected []Wire   `json:"connected"` // who serves the proxies
	Alone     []string `json:"disconnected,omitempty"`
	Unknown   bool     `json:"unknown,omitempty"` // an istiod did not answer, so being connected nowhere proves nothing

	Kept   string `json:"kept,omitempty"`   // pods that a swap has in hand: "1 released, 2 parked"
	Keeper string `json:"keeper,omitempty"` // the Service that keeps their listeners

	Findings []string `json:"findings,omitempty"` // where they disagree, in plain words
	Remarks  []string `json:"remarks,omitempty"`  // what a swap has in hand, in plain words
}

// Carry is one kind of sidecar among a workload's pods; Revision "" is none.
type Carry struct {
	Revision string `json:"revision"`
	Version  string `json:"version"`
	Pods     int    `json:"pods"`
}

// Wire is what one istiod pod says about a workload's proxies.
type Wire struct {
	Istiod   string   `json:"istiod"`
	Revision string   `json:"revision"`
	Version  string   `json:"version"` // the istiod's
	Proxies  int      `json:"proxies"`
	Unacked  []string `json:"unacked,omitempty"`  // "web-1: CDS"
	Rejected []string `json:"rejected,omitempty"` // "web-1: LDS: duplicate listener"
}

func truthsOf(w mesh.World, wl mesh.Workload) Truths {
	ns, _ := w.Namespace(wl.Namespace)
	t := Truths{Kind: string(wl.Kind), Namespace: wl.Namespace, Name: wl.Name, Gateway: wl.Gateway, Wanted: wl.Replicas,
		Asks: askOf(w, ns, wl.Template), Webhooks: append([]string{}, w.Injectors(ns, wl.Template)...), Carries: []Carry{}, Connected: []Wire{}, Unknown: silent(w)}
	for _, p := range wl.Live() {
		if p.Ready {
			t.Ready++
		}
		t.Carries = carried(t.Carries, p.Sidecar)
		links := w.Connections(wl.Namespace, p.Name)
		if p.Sidecar.Present && len(links) == 0 {
			t.Alone = append(t.Alone, p.Name)
		}
		for _, l := range links {
			t.Connected = connected(t.Connected, w, l)
		}
	}
	t.Kept, t.Keeper = inHand(wl), wl.Keeper
	t.Findings = disagreements(w, wl, t)
	swapped(wl, func(format string, args ...any) { t.Remarks = append(t.Remarks, fmt.Sprintf(format, args...)) })
	return t
}

func carried(list []Carry, s mesh.Sidecar) []Carry {
	i := slices.IndexFunc(list, func(c Carry) bool { return c.Revision == s.Revision && c.Version == s.Version })
	if i < 0 {
		return append(list, Carry{s.Revision, s.Version, 1})
	}
	list[i].Pods++
	return list
}

func connected(list []Wire, w mesh.World, p mesh.Proxy) []Wire {
	i := slices.IndexFunc(list, func(x Wire) bool { return x.Istiod == p.Istiod })
	if i < 0 {
		i = len(list)
		list = append(list, Wire{Istiod: p.Istiod, Revision: p.Revision, Version: istiodVersion(w, p)})
	}
	list[i].Proxies++
	for _, u := range p.Unacked {
		list[i].Unacked = append(list[i].Unacked, p.Pod+": "+u)
	}
	for _, r := range p.Rejected {
		list[i].Rejected = append(list[i].Rejected, fmt.Sprintf("%s: %s: %s", p.Pod, r.Type, r.Reason))
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

// silent reports whether some istiod did not say which proxies it serves.
func silent(w mesh.World) bool {
	return slices.ContainsFunc(w.Revisions, func(r mesh.Revision) bool {
		return slices.ContainsFunc(r.Istiods, func(i mesh.Istiod) bool { return !i.Answers() })
	})
}
