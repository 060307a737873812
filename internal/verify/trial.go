// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"fmt"
	"slices"

	"github.com/rerig/rerig/internal/mesh"
)

// Tried are the checks of a trial pod, by what the cluster and the istiods say:
// those of a restarted workload, but that it has no controller to ask.
var Tried = append([]Check{{"trial-ready", "The trial pod runs and is ready.",
	"Look at the pod template and at the revision's injection template: the pod that a restart makes would fail in the same way. The trial pod itself is taken away.", trialReady}},
	slices.Clone(Rolled[1:])...)

// TriedProof adds what the trial pod's own proxy says.
var TriedProof = append(slices.Clone(Tried), Proof[len(Proof)-1])

// OfTrial is a trial pod as a workload of its own, for the checks. Until it may
// serve it is as ready as it can be when its containers are.
func OfTrial(x mesh.Trial) mesh.Workload {
	p := x.Pod
	p.Current, p.Ready = true, x.Able && (p.Ready || x.Service != mesh.Serving)
	return mesh.Workload{Kind: "Pod", Namespace: x.Namespace, Name: p.Name, Wanted: 1, Pods: []mesh.Pod{p}, Rollout: mesh.Rollout{Done: p.Ready, Message: p.Trouble}}
}

func trialReady(f Facts) (Result, string) {
	live := f.Workload.Live()
	switch {
	case len(live) == 0:
		return Wait, "there is no trial pod"
	case !live[0].Ready:
		return Wait, fmt.Sprintf("trial pod %s: %s", live[0].Name, live[0].Trouble)
	}
	return Pass, fmt.Sprintf("trial pod %s is ready", live[0].Name)
}
