// SPDX-License-Identifier: Apache-2.0

package strategy

import (
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// EvictStuckSteps returns, on rollback, the pods that block their StatefulSet: with ordered
// pods its controller waits for a pod that never became ready, and never replaces it,
// whatever the newest template is ("Forced rollback" in the Kubernetes documentation of
// StatefulSets).
func EvictStuckSteps(w mesh.World, t step.Target, g step.Wave) []step.Step {
	if !t.Rollback {
		return nil
	}
	var steps []step.Step
	for _, name := range g.Namespaces {
		for _, wl := range w.WorkloadsIn(name) {
			if wl.Kind != mesh.StatefulSet || wl.RestartAnnotation.Run != t.Run || !Decide(t.Policy, wl).Moves() {
				continue
			}
			for _, p := range wl.Live() {
				if !p.Ready && p.Sidecar.Present && p.Sidecar.Revision != t.RevisionOf(wl) {
					steps = append(steps, step.Step{
						Kind: step.EvictStuckPod, Wave: g.Number, Subject: step.Subject(wl.Ref()),
						From: p.Name + " " + p.UID, To: t.RevisionOf(wl),
					})
				}
			}
		}
	}
	return steps
}

// RenderEvictStuck renders the eviction of a pod. The API server respects
// PodDisruptionBudgets, and the UID spares a later pod of the same name.
func RenderEvictStuck(s step.Step) (step.Change, error) {
	pod, err := s.Pod()
	if err != nil {
		return step.Change{}, step.NewFault(s, "%q of %q is no pod of a workload", s.From, s.Subject)
	}
	return step.Change{Verb: step.EvictPod, Kind: "Pod", Namespace: pod.Namespace, Name: pod.Name, Expect: pod.UID}, nil
}
