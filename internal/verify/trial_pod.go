// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"fmt"
	"slices"

	"github.com/rerig/rerig/internal/mesh"
)

// TrialPod are the checks of a trial pod, by what the API server and the istiods
// report: those of a workload, except its controller's rollout.
var TrialPod = slices.Concat([]Check{TrialPodReady}, without(WorkloadRollout, RolloutDone.Name))

// TrialPodVerification adds to TrialPod what the trial pod's own proxy reports.
var TrialPodVerification = slices.Concat(TrialPod, []Check{CertificateChain})

// TrialPodReady is also the verdict of a trial pod that cannot be created or deleted.
var TrialPodReady = Check{
	Name:        "trial-pod-ready",
	Description: "The trial pod is running and ready.",
	Hint: "Look at the pod template and at the revision's injection template: a restart's pod would fail in the same manner. " +
		"The trial pod is deleted when the run stops.",
	Evaluate: trialPodReady,
}

// TrialPodEndpoints is evaluated before a trial pod's time in service begins.
var TrialPodEndpoints = Check{
	Name:        "trial-pod-endpoints",
	Description: "Every Service that should route to the trial pod has it among its endpoints.",
	Hint: "See the Service's EndpointSlices and that the trial pod is ready: `kubectl get endpointslices -n NAMESPACE`. " +
		"Or run the trial out of service.",
	Evaluate: nothingPending(Wait),
}

// TrialWorkload returns a trial pod as a workload of one pod, for the checks. Before
// it may serve, it counts as ready when its containers are.
func TrialWorkload(x mesh.Trial) mesh.Workload {
	p := x.Pod
	p.Current, p.Ready = true, x.ContainersReady && (p.Ready || x.Phase != mesh.Serving)
	return mesh.Workload{
		Kind:      "Pod",
		Namespace: x.Namespace,
		Name:      p.Name,
		Replicas:  1,
		Pods:      []mesh.Pod{p},
		Rollout:   mesh.Rollout{Done: p.Ready, Message: p.Problem},
	}
}

func trialPodReady(f Facts) (Result, string) {
	live := f.Workload.Live()
	switch {
	case len(live) == 0:
		return Wait, "no trial pod exists"
	case !live[0].Ready:
		return Wait, fmt.Sprintf("trial pod %s: %s", live[0].Name, live[0].Problem)
	}
	return Pass, fmt.Sprintf("trial pod %s ready", live[0].Name)
}
