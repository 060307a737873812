// SPDX-License-Identifier: Apache-2.0

package mesh

import (
	"cmp"
	"time"
)

// Trial is a pod that a run tries: made from a real workload's template, with the
// sidecar of the revision that the workload is to move to, beside the workload's
// own pods and counted with none of them.
type Trial struct {
	Run             string      // the MeshUpgrade that it belongs to, and goes with
	Workload        WorkloadRef // the workload that it is a trial of
	Template        string      // digest of the template that it was made from
	Revision        string      // whose webhook injected it
	Mode            string      // in-service, or out-of-service
	Gated           bool        // made, and not let to a node yet
	ContainersReady bool        // its containers are ready; the pod itself is once it may serve too
	Ended           string      // how it has run to its end: "Failed: Evicted: …"; "" while it has not
	Phase           TrialPhase
	Since           time.Time // since when Service is what it is, by the clock of who wrote it
	Namespace       string
	Pod             Pod
}

// TrialPhase tells whether a trial pod is among those that serve.
type TrialPhase string

const (
	NotServing TrialPhase = ""
	Serving    TrialPhase = "serving"
	Served     TrialPhase = "rested" // it served, and takes no new requests
)

// TrialsOf returns the trial pods that a run has of a workload: one, unless
// somebody changed the workload or the run's wishes in the middle.
func (w World) TrialsOf(run string, workload WorkloadRef) []Trial {
	var list []Trial
	for _, t := range w.Trials {
		if t.Run == run && t.Workload == workload {
			list = append(list, t)
		}
	}
	return list
}

func (t Trial) compare(o Trial) int {
	return cmp.Or(cmp.Compare(t.Namespace, o.Namespace), cmp.Compare(t.Pod.Name, o.Pod.Name))
}
