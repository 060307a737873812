// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/swap"
	"github.com/rerig/rerig/internal/report/format"
	"github.com/rerig/rerig/internal/step"
)

// swapMove returns what one move of a swap did.
func swapMove(s step.Step, m swap.Action) string {
	switch m.Kind {
	case swap.CreateKeeper:
		return fmt.Sprintf("created the keeper of %s, which keeps the listeners of its parked pods", s.Subject)
	case swap.Detach:
		return fmt.Sprintf("detached pod %s of %s: it still serves, its ReplicaSet creates a replacement", m.Pod.Name, s.Subject)
	case swap.Hold:
		return fmt.Sprintf("held the rollout of %s: pods of a new template come up, and no old one ends", s.Subject)
	case swap.WriteTemplate:
		if len(m.Pods) > 0 {
			return fmt.Sprintf("detached the %s of %s, and wrote its template for %s", format.Count(len(m.Pods), "pod"), s.Subject, s.To)
		}
		return fmt.Sprintf("wrote the template of %s for %s", s.Subject, s.To)
	case swap.CreateShadow:
		return fmt.Sprintf("created a shadow of the Gateway of %s: istiod %s deploys it with the wanted template", s.Subject, s.To)
	case swap.DeleteShadow:
		return fmt.Sprintf("deleted the shadow of the Gateway of %s", s.Subject)
	case swap.Release:
		if len(m.Pods) == 0 {
			return fmt.Sprintf("released the rollout of %s", s.Subject)
		}
		return fmt.Sprintf("detached the %s of %s, and released its rollout", format.Count(len(m.Pods), "old pod"), s.Subject)
	case swap.Park:
		return fmt.Sprintf("parked pod %s of %s: out of the Services, still running", m.Pod.Name, s.Subject)
	case swap.Unpark:
		return fmt.Sprintf("pod %s of %s serves again", m.Pod.Name, s.Subject)
	case swap.Exchange:
		return fmt.Sprintf("reattached pod %s of %s in place of %s", m.Other.Name, s.Subject, m.Pod.Name)
	case swap.Reattach:
		return fmt.Sprintf("reattached pod %s of %s", m.Other.Name, s.Subject)
	case swap.Leave:
		return fmt.Sprintf("parked pod %s of %s asks its clients to close their connections", m.Pod.Name, s.Subject)
	case swap.DeletePod:
		if m.Forced {
			return fmt.Sprintf("deleted parked pod %s of %s after the longest time: what was still connected is cut", m.Pod.Name, s.Subject)
		}
		return fmt.Sprintf("deleted parked pod %s of %s, which was drained", m.Pod.Name, s.Subject)
	case swap.RemoveMark:
		return fmt.Sprintf("removed the swap annotation of pod %s of %s", m.Pod.Name, s.Subject)
	case swap.DeleteKeeper:
		return fmt.Sprintf("deleted the keeper of %s", s.Subject)
	}
	return s.String()
}

// swapPods counts the pods that a swap has detached or parked, "" for none.
func swapPods(wl mesh.Workload) string {
	detached, parked := 0, 0
	for _, p := range wl.DetachedPods() {
		if p.Swap.Place == mesh.Parked {
			parked++
		} else {
			detached++
		}
	}
	switch {
	case detached > 0 && parked > 0:
		return fmt.Sprintf("%d detached, %d parked", detached, parked)
	case detached > 0:
		return fmt.Sprintf("%d detached", detached)
	case parked > 0:
		return fmt.Sprintf("%d parked", parked)
	}
	return ""
}

// returning tells in a plan which pods a swap has detached or parked, and of a
// rollback that parked pods return.
func returning(wl mesh.Workload, t step.Target) string {
	n := 0
	for _, pod := range wl.DetachedPods() {
		original := pod.Swap.Place == mesh.Parked && pod.Swap.Role == mesh.Original
		if original && !pod.Terminating && pod.Sidecar.Revision == t.RevisionOf(wl) {
			n++
		}
	}
	switch {
	case !t.Rollback || n == 0:
		return swapPods(wl)
	case n == 1:
		return "its parked pod returns"
	}
	return fmt.Sprintf("its %d parked pods return", n)
}
