// SPDX-License-Identifier: Apache-2.0

package mesh

import (
	"cmp"
	"time"
)

// Trial is a trial pod: created from a workload's template, with the sidecar of the target
// revision. It runs beside the workload's own pods and is not counted with them.
type Trial struct {
	Run             string      // the MeshUpgrade that owns it
	Workload        WorkloadRef // the workload whose template it has
	Template        string      // digest of that template
	Revision        string      // the revision whose webhook injected it
	Mode            string      // in-service, or out-of-service
	Gated           bool        // it has a scheduling gate and no node yet
	ContainersReady bool        // its containers are ready; the pod is ready only while it may serve
	Ended           string      // how it ended: "Failed: Evicted: …"; "" while it runs
	Phase           TrialPhase
	Since           time.Time // since when Phase is set, by the clock of the writer
	Namespace       string
	Pod             Pod
}

// TrialPhase tells whether a trial pod is in its workload's Services.
type TrialPhase string

const (
	NotServing TrialPhase = ""
	Serving    TrialPhase = "serving"
	Served     TrialPhase = "rested" // it has served and gets no new requests
)

// TrialsOf returns a run's trial pods of a workload. There is more than one only after the
// workload or the run's specification changed during the trial.
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
