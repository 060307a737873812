// SPDX-License-Identifier: Apache-2.0

package advice

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/binding"
	"github.com/rerig/rerig/internal/plan/removal"
	"github.com/rerig/rerig/internal/plan/strategy"
	"github.com/rerig/rerig/internal/plan/trial"
	"github.com/rerig/rerig/internal/step"
)

// Notes returns what is to be known of the namespaces that a target moves, and
// of every gateway of the mesh.
func Notes(w mesh.World, t step.Target) []step.Note {
	notes := slices.Concat(VersionSkew(w, t), unknownRoom(w), conditional(w), removal.ReferenceNotes(w, t), removal.RestoreNotes(w, t))
	for _, wl := range w.Workloads {
		if wl.Gateway {
			notes = append(notes, gateway(w, t, wl))
		} else if !t.Rollback {
			notes = append(notes, outsideSelection(w, t, wl)...)
		}
	}
	for _, g := range t.Waves {
		for _, name := range g.Namespaces {
			ns, _ := w.Namespace(name)
			if !t.Rollback {
				notes = append(notes, labelNotes(w, t, ns)...)
			}
			for _, wl := range w.In(name) {
				notes = append(notes, workloadNotes(w, t, ns, wl)...)
			}
			notes = append(notes, namespaceRoom(w, t, name)...)
			if !t.Rollback {
				notes = append(notes, nothingToVerify(w, t, name)...)
			}
		}
	}
	if !t.Rollback {
		notes = append(notes, slices.Concat(tagNotes(w, t), RulesWithoutMatch(w, t))...)
	}
	return slices.Concat(notes, blockedTags(w, t), emptyNamespaces(w, t), movedBefore(w, t))
}

func gateway(w mesh.World, t step.Target, wl mesh.Workload) step.Note {
	has := strings.Join(wl.Sidecars(), ", ")
	text := "is not restarted and stays on " + has
	if ends := t.ControlPlanes(); len(ends) != 1 || ends[0] != has {
		text += ": the versions of the proxies on a path differ until it is moved"
	}
	ns, _ := w.Namespace(wl.Namespace)
	if to, moves := t.Revisions[wl.Namespace]; moves && len(w.Injectors(ns, wl.Template)) > 0 {
		text = "is not restarted, but its namespace is moved: a pod that is made anew, by scaling or an eviction, gets " + to + " beside those on " + has
	}
	n := step.Note{Kind: step.GatewayStays, Subject: string(wl.Ref()), Text: text, Evidence: fmt.Sprintf("%d pods, proxy %s", len(wl.Live()), versions(wl))}
	for _, d := range binding.AffectedGateways(t, w, wl.Namespace) {
		if string(d.Workload) == n.Subject {
			n.Text = "is not restarted, but its namespace is moved: by that label the istiod of " + d.To + " would make it anew at once, so the run holds before it is written"
			n.Remedy = fmt.Sprintf("bind that Gateway to what it has (label it %s=%s, which restarts it once)", mesh.RevisionLabel, d.From)
		}
	}
	return n
}

func versions(wl mesh.Workload) string {
	var list []string
	for _, p := range wl.Live() {
		list = append(list, p.Sidecar.Version)
	}
	return strings.Join(step.SortedUnique(list), ", ")
}

// workloadNotes is what is to be known of one workload of a namespace that is moved.
func workloadNotes(w mesh.World, t step.Target, ns mesh.Namespace, wl mesh.Workload) []step.Note {
	p, injected := strategy.Decide(t.Policy, wl), len(w.Injectors(ns, wl.Template)) > 0
	switch {
	case wl.Gateway:
		return nil
	case !p.Moves():
		return notMoved(wl, p, injected)
	case len(wl.Live()) == 0 && injected:
		return []step.Note{{Kind: step.NothingToVerify, Subject: string(wl.Ref()), Text: "has no pods: there is nothing to restart or to prove, and its next pod will be injected by the new revision", Evidence: fmt.Sprintf("wanted %d", wl.Replicas)}}
	case !wl.Injected() && injected:
		return []step.Note{{Kind: step.NotInjected, Subject: string(wl.Ref()), Text: "has no sidecar today and is not restarted; its next pod will get one, by its namespace's labels", Evidence: ns.Binding().String()}}
	case !wl.Injected():
		return nil
	}
	if p.Strategy == step.BySwap {
		return slices.Concat(swapContinues(t, wl), notReady(wl, p), noRoom(w, t, wl, p), atMaximum(wl))
	}
	return slices.Concat(notSwapped(t, wl), notDraining(wl), mayLoseRequests(wl, p), notReady(wl, p), pinnedProxy(wl), noRoom(w, t, wl, p), atMaximum(wl), trial.Notes(w, t, wl))
}

// notSwapped names a workload that is moved otherwise than the policy says.
func notSwapped(t step.Target, wl mesh.Workload) []step.Note {
	why := strategy.NotSwappedBecause(t.Policy, wl)
	if why == "" {
		return nil
	}
	return []step.Note{{Kind: step.NotSwapped, Subject: string(wl.Ref()), Text: "is not swapped, though that is the policy: it does not fit, and is moved as it would be without one", Evidence: why}}
}

// mayLoseRequests names a workload of which nobody serves for a moment.
func mayLoseRequests(wl mesh.Workload, p step.Decision) []step.Note {
	gap := wl.Downtime
	if p.Strategy == step.ByEviction || p.Strategy == step.ByField {
		gap = ""
		if wl.Replicas == 1 {
			gap = "one pod, which ends before the next begins"
		} else if wl.Kind == mesh.DaemonSet {
			gap = "a node's pod ends before the next begins"
		}
	}
	if gap == "" {
		return nil
	}
	return []step.Note{{Kind: step.MayLoseRequests, Subject: string(wl.Ref()), Text: "may lose requests in its restart: for a moment no pod of it serves", Evidence: gap}}
}

// notReady names a workload that is not well before it is touched.
func notReady(wl mesh.Workload, p step.Decision) []step.Note {
	ready := !slices.ContainsFunc(wl.Live(), func(p mesh.Pod) bool { return !p.Ready })
	if wl.Rollout.Done || p.Strategy == step.ByEviction && ready && len(wl.Live()) >= wl.Replicas {
		return nil
	}
	return []step.Note{{Kind: step.NotReady, Subject: string(wl.Ref()), Text: "is not ready as it is: its restart does not mend that, and holds the run when it takes longer than the ready timeout", Evidence: wl.Rollout.Message}}
}

// notDraining names a workload that leaves as soon as it is told to, while requests
// are still sent to it: an application container without a preStop hook, unless
// the workload is declared to drain.
func notDraining(wl mesh.Workload) []step.Note {
	var names []string
	for _, c := range wl.Template.Containers {
		if !c.PreStop {
			names = append(names, c.Name)
		}
	}
	if len(names) == 0 || wl.Drains {
		return nil
	}
	return []step.Note{{Kind: step.MayLoseRequests, Subject: string(wl.Ref()), Text: "may lose requests in its restart: it can end while others still send to it; give it a preStop sleep, or declare that it drains with the annotation rerig.dev/drains=true",
		Evidence: "no preStop hook in container " + strings.Join(names, ", ")}}
}
