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

// Notes returns the notes on the namespaces that a target moves, and on every gateway.
func Notes(w mesh.World, t step.Target) []step.Note {
	notes := slices.Concat(otherMeshes(w), versionSkew(w, t), unknownCapacity(w), conditional(w),
		removal.ReferenceNotes(w, t), removal.RestoreNotes(w, t))
	for _, wl := range w.Workloads {
		if d := strategy.DecideFor(t, wl); wl.Gateway && !d.Moves() {
			notes = append(notes, gateway(w, t, wl, d))
		} else if !t.Rollback {
			notes = append(notes, outsideSelection(w, t, wl)...)
		}
	}
	for _, g := range t.Waves {
		for _, name := range g.Namespaces {
			ns, isNamespace := w.Namespace(name)
			if !t.Rollback && isNamespace {
				notes = append(notes, labelNotes(w, t, ns)...)
			}
			for _, wl := range w.WorkloadsIn(name) {
				notes = append(notes, workloadNotes(w, t, ns, wl)...)
			}
			notes = append(notes, namespaceCapacity(w, t, name)...)
			if !t.Rollback {
				notes = append(notes, nothingToVerify(w, t, name)...)
			}
		}
	}
	if !t.Rollback {
		notes = append(notes, slices.Concat(leftOut(w, t), tagNotes(w, t), rulesWithoutMatch(w, t))...)
	}
	return slices.Concat(notes, ContestedGateways(w, t), blockedTags(w, t), emptyNamespaces(w, t), movedBefore(w, t))
}

func gateway(w mesh.World, t step.Target, wl mesh.Workload, decision step.Decision) step.Note {
	has := strings.Join(wl.Sidecars(), ", ")
	text := "is not restarted and stays on " + has
	if ends := t.ControlPlanes(); len(ends) != 1 || ends[0] != has {
		text += ": proxy versions on a path differ until it is upgraded"
	}
	ns, _ := w.Namespace(wl.Namespace)
	if to, moves := t.Revisions[wl.Namespace]; moves && len(w.Injectors(ns, wl.Template)) > 0 {
		text = "is not restarted, but its namespace is moved: new pods, after scaling or an eviction, get " + to + " beside those on " + has
	}
	n := step.Note{
		Kind: step.GatewayStays, Subject: string(wl.Ref()), Text: text,
		Evidence: fmt.Sprintf("%d pods, proxy %s", len(wl.Live()), versions(wl)),
	}
	if t.Policy.MovesGateways() && !t.Rollback {
		n.Text, n.Remedy = "is not moved: "+decision.Reason, decision.Remedy
	}
	for _, d := range binding.AffectedGateways(t, w, wl.Namespace) {
		if string(d.Workload) == n.Subject {
			n.Text = "is not restarted, but its namespace is moved: with that label the " +
				"istiod of " + d.To + " would re-create it at once, so the run holds before the label is written"
			n.Remedy = fmt.Sprintf("label that Gateway with its present revision (%s=%s, which restarts it once)", mesh.RevisionLabel, d.From)
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

// workloadNotes notes one workload of a namespace that is moved.
func workloadNotes(w mesh.World, t step.Target, ns mesh.Namespace, wl mesh.Workload) []step.Note {
	p, injected := strategy.DecideFor(t, wl), len(w.Injectors(ns, wl.Template)) > 0
	switch {
	case wl.Gateway && !p.Moves():
		return nil
	case !p.Moves():
		return notMoved(wl, p, injected)
	case len(wl.Live()) == 0 && injected:
		return []step.Note{
			{
				Kind: step.NothingToVerify, Subject: string(wl.Ref()),
				Text:     "has no pods: nothing is restarted or verified, and its next pod is injected by the new revision",
				Evidence: fmt.Sprintf("wanted %d", wl.Replicas),
			},
		}
	case !wl.Injected() && injected:
		return []step.Note{{
			Kind:     step.NotInjected,
			Subject:  string(wl.Ref()),
			Text:     "has no sidecar now and is not restarted; its next pod gets one, by its namespace's labels",
			Evidence: ns.Binding().String(),
		}}
	case !wl.Injected():
		return nil
	}
	if p.Strategy.ParksPods() {
		return slices.Concat(swapContinues(t, wl), notReady(wl, p), noCapacity(w, t, wl, p), atMaximum(wl), trial.Notes(w, t, wl))
	}
	return slices.Concat(
		notSwapped(t, wl), notDraining(wl), cutsConnections(wl), mayLoseRequests(wl, p), notReady(wl, p), pinnedProxy(wl),
		noCapacity(w, t, wl, p), atMaximum(wl), trial.Notes(w, t, wl),
	)
}

// notSwapped notes a workload that the policy would swap and that is moved otherwise.
func notSwapped(t step.Target, wl mesh.Workload) []step.Note {
	why := strategy.NotSwappedBecause(t.Policy, wl)
	if why == "" {
		return nil
	}
	return []step.Note{
		{
			Kind: step.NotSwapped, Subject: string(wl.Ref()),
			Text:     "is not swapped, though the strategy is swap: a swap does not fit, and it is moved as without it",
			Evidence: why,
		},
	}
}

// mayLoseRequests notes a workload of which no pod serves for a moment.
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
	return []step.Note{
		{
			Kind: step.MayLoseRequests, Subject: string(wl.Ref()),
			Text: "may lose requests during its restart: for a moment none of its pods serves", Evidence: gap,
		},
	}
}

// cutsConnections notes a gateway whose pods are replaced: connections from outside end
// with the pod that holds them.
func cutsConnections(wl mesh.Workload) []step.Note {
	if !wl.Gateway {
		return nil
	}
	return []step.Note{
		{
			Kind: step.MayLoseRequests, Subject: string(wl.Ref()),
			Text: "cuts connections from outside when its old pods end: WebSockets, TCP, and requests longer than its drain time; " +
				"a load balancer that learns of the new pods late loses requests too",
			Evidence: "gateway; its drain time is 5s unless it is set",
		},
	}
}

// notReady notes a workload that is not ready before it is moved.
func notReady(wl mesh.Workload, p step.Decision) []step.Note {
	ready := !slices.ContainsFunc(wl.Live(), func(p mesh.Pod) bool { return !p.Ready })
	if wl.Rollout.Done || p.Strategy == step.ByEviction && ready && len(wl.Live()) >= wl.Replicas {
		return nil
	}
	return []step.Note{
		{
			Kind: step.NotReady, Subject: string(wl.Ref()),
			Text:     "is not ready now: a restart does not fix that, and holds the run when it takes longer than the ready timeout",
			Evidence: wl.Rollout.Message,
		},
	}
}

// notDraining notes a workload that may end while requests are still sent to it: it has an
// application container without a preStop hook, and is not declared to drain.
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
	return []step.Note{{
		Kind:     step.MayLoseRequests,
		Subject:  string(wl.Ref()),
		Text:     "may lose requests during its restart: it can end while clients still send to it",
		Evidence: "no preStop hook in container " + strings.Join(names, ", "),
		Remedy:   "add a preStop sleep, or set the annotation rerig.dev/drains=true if it drains by itself",
	}}
}
