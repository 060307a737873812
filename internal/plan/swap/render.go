// SPDX-License-Identifier: Apache-2.0

package swap

import (
	"cmp"
	"fmt"
	"maps"
	"time"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// Render returns the writes that carry out an action, in order. The second write of an
// Exchange, and the last of a Release, must follow the others at once. at is written into the annotations. It fails
// for a Wait and a WaitUntil, which have no writes.
func Render(m Action, wl mesh.Workload, t step.Target, at time.Time) ([]step.Change, error) {
	switch m.Kind {
	case CreateKeeper:
		return step.Single(renderKeeper(wl, t.Run))
	case Detach:
		return step.Single(renderDetach(m.Pod, wl, t, at))
	case Park:
		return step.Single(renderPark(m.Pod, wl, t, at))
	case Unpark:
		return renderUnpark(m.Pod, wl)
	case Hold:
		hold, err := renderHold(wl, t, at)
		return checkedFirst(wl, t, hold, err)
	case CreateShadow:
		return []step.Change{renderShadow(step.CreateShadow, wl, t)}, nil
	case DeleteShadow:
		return []step.Change{renderShadow(step.DeleteShadow, wl, t)}, nil
	case WriteTemplate:
		return renderTemplate(m, wl, t, at)
	case Release:
		return renderRelease(m, wl, t, at)
	case Leave:
		return renderLeave(m.Pod, wl, at)
	case Reattach:
		return step.Single(renderReattach(m.Other, wl))
	case Exchange:
		detach, err := renderDetach(m.Pod, wl, t, at)
		if err != nil {
			return nil, err
		}
		reattach, err := renderReattach(m.Other, wl)
		return []step.Change{detach, reattach}, err
	case DeletePod:
		return []step.Change{
			{Verb: step.DeleteParkedPod, Kind: "Pod", Namespace: wl.Namespace, Name: m.Pod.Name, Expect: Precondition(m.Pod.UID, m.Pod.Swap)},
		}, nil
	case DeleteKeeper:
		kind := "Service"
		if wl.ForGateway() {
			kind = "ServiceEntry"
		}
		return []step.Change{
			{Verb: step.DeleteParkedPod, Kind: kind, Namespace: wl.Namespace, Name: wl.Keeper, Expect: string(wl.Ref())},
		}, nil
	case RemoveMark:
		return step.Single(patchPod(m.Pod, wl, step.NotOwned, map[string]any{"annotations": map[string]any{SwapAnnotation: nil}}))
	}
	return nil, fmt.Errorf("render the action %s of %s: it has no writes", m.Kind, wl.Ref())
}

// Precondition returns what must be observed of a pod before it is written to.
func Precondition(uid string, s mesh.Swap) string {
	if s.Place == mesh.Attached {
		return uid
	}
	return uid + " " + string(s.Place)
}

// renderDetach takes a pod out of its ReplicaSet.
func renderDetach(p mesh.Pod, wl mesh.Workload, t step.Target, at time.Time) (step.Change, error) {
	s := p.Swap
	if !s.Marked() {
		s = mesh.Swap{Workload: wl.Ref(), Run: t.Run, Role: PodsOf(wl, t).roleOf(p), StartedAt: at}
	}
	s.ReplicaSetHash, s.DetachedAt = cmp.Or(p.OlderHash, wl.ReplicaSetHash), at
	return patchPod(p, wl, step.NotOwned, map[string]any{
		"labels":      map[string]any{HashLabel: detachedHash(t.Run), KeepLabel: keeperName(wl.Ref())},
		"annotations": map[string]any{SwapAnnotation: encodeMark(s)}})
}

// renderPark makes the pod the run's: it serves nobody any more, and ends with it.
func renderPark(p mesh.Pod, wl mesh.Workload, t step.Target, at time.Time) (step.Change, error) {
	s := p.Swap
	s.RemovedLabels, s.ParkedAt = labelsToRemove(wl, p), at
	maps.Copy(s.RemovedLabels, p.Swap.RemovedLabels) // it was parked before
	labels := map[string]any{}
	for key := range s.RemovedLabels {
		labels[key] = nil
	}
	c, err := patchPod(p, wl, step.OwnedByRun, map[string]any{"labels": labels, "annotations": map[string]any{SwapAnnotation: encodeMark(s)}})
	c.Owner = t.Run
	return c, err
}

// renderLeave has a gateway's proxy ask its clients to close their connections. It does
// so again if the process dies before the annotation is written.
func renderLeave(p mesh.Pod, wl mesh.Workload, at time.Time) ([]step.Change, error) {
	s := p.Swap
	s.LeavingAt = at
	patch, err := patchPod(p, wl, step.Unchanged, map[string]any{"annotations": map[string]any{SwapAnnotation: encodeMark(s)}})
	return []step.Change{connections(step.CloseConnections, p, wl), patch}, err
}

// connections renders a request to a gateway's proxy.
func connections(v step.Verb, p mesh.Pod, wl mesh.Workload) step.Change {
	return step.Change{Verb: v, Kind: "Pod", Namespace: wl.Namespace, Name: p.Name, Expect: Precondition(p.UID, p.Swap)}
}

// renderUnpark restores the labels of the pod and removes its owner: what serves must
// not be deleted with the run. A gateway's proxy keeps connections again, whatever its
// annotation says.
func renderUnpark(p mesh.Pod, wl mesh.Workload) ([]step.Change, error) {
	s := p.Swap
	labels := map[string]any{}
	for key, value := range s.RemovedLabels {
		labels[key] = value
	}
	s.RemovedLabels, s.ParkedAt, s.LeavingAt = nil, time.Time{}, time.Time{}
	annotations := map[string]any{SwapAnnotation: encodeMark(s)}
	patch, err := patchPod(p, wl, step.NotOwned, map[string]any{"labels": labels, "annotations": annotations})
	if !wl.Gateway {
		return []step.Change{patch}, err
	}
	return []step.Change{connections(step.KeepConnections, p, wl), patch}, err
}

// renderReattach puts the pod into its ReplicaSet. The annotation stays: it tells
// original pods from replacements.
func renderReattach(p mesh.Pod, wl mesh.Workload) (step.Change, error) {
	return patchPod(p, wl, step.NotOwned, map[string]any{"labels": map[string]any{HashLabel: wl.ReplicaSetHash, KeepLabel: nil}})
}

// patchPod renders a conditional patch of a pod.
func patchPod(p mesh.Pod, wl mesh.Workload, tie step.Ownership, metadata map[string]any) (step.Change, error) {
	c, err := step.MergePatch("Pod", wl.Namespace, p.Name, Precondition(p.UID, p.Swap), map[string]any{"metadata": metadata})
	c.Ownership = tie
	return c, err
}
