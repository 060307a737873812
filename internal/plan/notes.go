// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rerig/rerig/internal/mesh"
)

// NoteKind groups notes.
type NoteKind string

const (
	MayLoseRequests NoteKind = "may-lose-requests" // its application does not drain
	GatewayStays    NoteKind = "gateway-stays"     // a gateway keeps the revision that it has
	NotReady        NoteKind = "not-ready"         // a rollout that is not done before the run begins
	NotMoved        NoteKind = "not-moved"         // a workload outside of what is moved
	Blocker         NoteKind = "blocker"           // it cannot be moved as it is, and keeps what it uses from being removed
	Exemption       NoteKind = "exemption"         // it stays as it is, by its nature or by the user's word
	PinnedProxy     NoteKind = "pinned-proxy"      // it moves, and a part of its proxy does not
	NoRoom          NoteKind = "no-room"           // quota or nodes have no room for what its move adds
	RoomUnknown     NoteKind = "room-unknown"      // whether there is room could not be read
	AtMaximum       NoteKind = "at-maximum"        // its autoscaler can add no pods
	NotInjected     NoteKind = "not-injected"      // no sidecar today, though the namespace is bound
	NothingToProve  NoteKind = "nothing-to-prove"  // a workload without pods
	NotSwapped      NoteKind = "not-swapped"       // the policy says swap, and it does not fit
	SwapGoesOn      NoteKind = "swap-goes-on"      // a rule says otherwise of what a swap has begun on
	IdleRule        NoteKind = "idle-rule"         // a rule that speaks of no workload
	ByTag           NoteKind = "by-tag"            // a namespace bound by a tag is pinned to the revision
	TagStays        NoteKind = "tag-stays"         // a tag that is not moved
	NoEffect        NoteKind = "no-effect"         // a label that decides nothing
	ByHand          NoteKind = "by-hand"           // other hands moved it before the run began
	ByRun           NoteKind = "by-run"            // another run moved it
	ForCommit       NoteKind = "for-commit"        // labels that a GitOps tool keeps: they are to be committed
	NotEvaluated    NoteKind = "not-evaluated"     // what decides over injection and is not looked at
)

// Note is something to know before agreeing to a plan, with what shows it.
type Note struct {
	Kind     NoteKind `json:"kind"`
	Subject  string   `json:"subject"`
	Text     string   `json:"text"`
	Evidence string   `json:"evidence,omitempty"`
	Clears   string   `json:"clears,omitempty"` // what would clear it, and when
}

// Notes returns what is to be known of the namespaces that a target moves, and
// of every gateway of the mesh.
func Notes(w mesh.World, t Target) []Note {
	notes := slices.Concat(farApart(w, t), unknownRoom(w), conditional(w), holdingOn(w, t), returning(w, t))
	for _, wl := range w.Workloads {
		if wl.Gateway {
			notes = append(notes, gateway(w, t, wl))
		} else if !t.Back {
			notes = append(notes, outside(w, t, wl)...)
		}
	}
	for _, g := range t.Waves {
		for _, name := range g.Namespaces {
			ns, _ := w.Namespace(name)
			if !t.Back {
				notes = append(notes, labelNotes(w, t, ns)...)
			}
			for _, wl := range w.In(name) {
				notes = append(notes, noted(w, t, ns, wl)...)
			}
			notes = append(notes, crowded(w, t, name)...)
			if !t.Back {
				notes = append(notes, podless(w, t, name)...)
			}
		}
	}
	if !t.Back {
		notes = append(notes, slices.Concat(tagNotes(w, t), idleRules(w, t))...)
	}
	return slices.Concat(notes, heldTags(w, t), emptied(w, t), byHand(w, t))
}

func gateway(w mesh.World, t Target, wl mesh.Workload) Note {
	has := strings.Join(wl.Sidecars(), ", ")
	text := "is not restarted and stays on " + has
	if ends := t.ControlPlanes(); len(ends) != 1 || ends[0] != has {
		text += ": the versions of the proxies on a path differ until it is moved"
	}
	ns, _ := w.Namespace(wl.Namespace)
	if to, moves := t.Revisions[wl.Namespace]; moves && len(w.Injectors(ns, wl.Template)) > 0 {
		text = "is not restarted, but its namespace is moved: a pod that is made anew, by scaling or an eviction, gets " + to + " beside those on " + has
	}
	n := Note{Kind: GatewayStays, Subject: wl.Key(), Text: text, Evidence: fmt.Sprintf("%d pods, proxy %s", len(wl.Live()), versions(wl))}
	for _, d := range t.Draws(w, wl.Namespace) {
		if d.Subject == n.Subject {
			n.Text = "is not restarted, but its namespace is moved: by that label the istiod of " + d.To + " would make it anew at once, so the run holds before it is written"
			n.Clears = fmt.Sprintf("bind that Gateway to what it has (label it %s=%s, which restarts it once)", mesh.RevisionLabel, d.Has)
		}
	}
	return n
}

func versions(wl mesh.Workload) string {
	var list []string
	for _, p := range wl.Live() {
		list = append(list, p.Sidecar.Version)
	}
	return strings.Join(sorted(list), ", ")
}

// noted is what is to be known of one workload of a namespace that is moved.
func noted(w mesh.World, t Target, ns mesh.Namespace, wl mesh.Workload) []Note {
	p, injected := t.Policy.Passage(wl), len(w.Injectors(ns, wl.Template)) > 0
	switch {
	case wl.Gateway:
		return nil
	case !p.Moves():
		return unmoved(wl, p, injected)
	case len(wl.Live()) == 0 && injected:
		return []Note{{Kind: NothingToProve, Subject: wl.Key(), Text: "has no pods: there is nothing to restart or to prove, and its next pod will be injected by the new revision", Evidence: fmt.Sprintf("wanted %d", wl.Wanted)}}
	case !wl.Injected() && injected:
		return []Note{{Kind: NotInjected, Subject: wl.Key(), Text: "has no sidecar today and is not restarted; its next pod will get one, by its namespace's labels", Evidence: ns.Binding().String()}}
	case !wl.Injected():
		return nil
	}
	if p.Way == BySwap {
		return slices.Concat(overrules(t, wl), unready(wl, p), roomless(w, t, wl, p), full(wl))
	}
	return slices.Concat(notSwapped(t, wl), draining(wl), interrupted(wl, p), unready(wl, p), pinned(wl), roomless(w, t, wl, p), full(wl), tried(w, t, wl))
}

// notSwapped names a workload that is moved otherwise than the policy says.
func notSwapped(t Target, wl mesh.Workload) []Note {
	why := t.Policy.unswapped(wl)
	if why == "" {
		return nil
	}
	return []Note{{Kind: NotSwapped, Subject: wl.Key(), Text: "is not swapped, though that is the policy: it does not fit, and is moved as it would be without one", Evidence: why}}
}

// interrupted names a workload of which nobody serves for a moment.
func interrupted(wl mesh.Workload, p Passage) []Note {
	gap := wl.Gap
	if p.Way == ByEviction || p.Way == ByField {
		gap = ""
		if wl.Wanted == 1 {
			gap = "one pod, which ends before the next begins"
		} else if wl.Kind == mesh.DaemonSet {
			gap = "a node's pod ends before the next begins"
		}
	}
	if gap == "" {
		return nil
	}
	return []Note{{Kind: MayLoseRequests, Subject: wl.Key(), Text: "may lose requests in its restart: for a moment no pod of it serves", Evidence: gap}}
}

// unready names a workload that is not well before it is touched.
func unready(wl mesh.Workload, p Passage) []Note {
	ready := !slices.ContainsFunc(wl.Live(), func(p mesh.Pod) bool { return !p.Ready })
	if wl.Rollout.Done || p.Way == ByEviction && ready && len(wl.Live()) >= wl.Wanted {
		return nil
	}
	return []Note{{Kind: NotReady, Subject: wl.Key(), Text: "is not ready as it is: its restart does not mend that, and holds the run when it takes longer than the ready timeout", Evidence: wl.Rollout.Message}}
}

// draining names a workload that leaves as soon as it is told to, while requests
// are still sent to it: an application container without a preStop hook, unless
// the workload is declared to drain.
func draining(wl mesh.Workload) []Note {
	var names []string
	for _, c := range wl.Template.Containers {
		if !c.PreStop {
			names = append(names, c.Name)
		}
	}
	if len(names) == 0 || wl.Drains {
		return nil
	}
	return []Note{{Kind: MayLoseRequests, Subject: wl.Key(), Text: "may lose requests in its restart: it can end while others still send to it; give it a preStop sleep, or declare that it drains with the annotation rerig.dev/drains=true",
		Evidence: "no preStop hook in container " + strings.Join(names, ", ")}}
}
