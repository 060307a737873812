// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/swap"
	"github.com/rerig/rerig/internal/step"
)

// swapMove tells one thing that a swap did.
func swapMove(s step.Step, m swap.Action) string {
	switch m.Kind {
	case swap.CreateKeeper:
		return fmt.Sprintf("made a keeper for %s: a Service that keeps the listeners of its parked pods", s.Subject)
	case swap.Detach:
		return fmt.Sprintf("released pod %s of %s: it serves on, another is made beside it", m.Pod.Name, s.Subject)
	case swap.Park:
		return fmt.Sprintf("parked pod %s of %s: out of the Services, alive", m.Pod.Name, s.Subject)
	case swap.Unpark:
		return fmt.Sprintf("pod %s of %s serves again", m.Pod.Name, s.Subject)
	case swap.Exchange:
		return fmt.Sprintf("pod %s of %s took its place back from %s", m.Other.Name, s.Subject, m.Pod.Name)
	case swap.Reattach:
		return fmt.Sprintf("pod %s of %s took its place back", m.Other.Name, s.Subject)
	case swap.DeletePod:
		return fmt.Sprintf("ended parked pod %s of %s, which was quiet", m.Pod.Name, s.Subject)
	case swap.RemoveMark:
		return fmt.Sprintf("took the mark off pod %s of %s", m.Pod.Name, s.Subject)
	case swap.DeleteKeeper:
		return fmt.Sprintf("took the keeper of %s away", s.Subject)
	}
	return s.String()
}

// beside is what a swap has in hand of a workload, after the count of its pods.
func beside(wl mesh.Workload) string {
	if s := inHand(wl); s != "" {
		return " + " + s
	}
	return ""
}

// inHand is what a swap has in hand of a workload, "" for nothing.
func inHand(wl mesh.Workload) string {
	released, parked := 0, 0
	for _, p := range wl.DetachedPods() {
		if p.Swap.Place == mesh.Parked {
			parked++
		} else {
			released++
		}
	}
	switch {
	case released > 0 && parked > 0:
		return fmt.Sprintf("%d released, %d parked", released, parked)
	case released > 0:
		return fmt.Sprintf("%d released", released)
	case parked > 0:
		return fmt.Sprintf("%d parked", parked)
	}
	return ""
}
