// SPDX-License-Identifier: Apache-2.0

package report

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/report/format"
	"github.com/rerig/rerig/internal/step"
)

// trying is the state of a wave, or a workload, of which pods are tried.
const trying state = "trying"

// trialRow is a trial in a plan.
func trialRow(s step.Step) []format.Cell {
	return format.Row("try", s.Subject, "1 pod more", "on "+s.To+", "+s.From)
}

// withdrawn is a trial pod's end, in words.
func withdrawn(s step.Step) string {
	pod, _, _ := strings.Cut(s.From, " ")
	return fmt.Sprintf("trial pod %s of %s", pod, s.Subject)
}

// StandIn is a trial pod as people and programs read it.
type StandIn struct {
	Namespace string `json:"namespace"`
	Pod       string `json:"pod"`
	Of        string `json:"of"`
	Revision  string `json:"revision"`
	Mode      string `json:"mode"`
	State     string `json:"state"`
	Run       string `json:"run"`
}

// standIns are the trial pods that are there, of any run.
func standIns(w mesh.World) []StandIn {
	var list []StandIn
	for _, x := range w.Trials {
		list = append(list, StandIn{x.Namespace, x.Pod.Name, x.Workload, x.Revision, x.Mode, stateOfTrial(x), x.Run})
	}
	return list
}

// stateOfTrial is how far a trial pod is.
func stateOfTrial(x mesh.Trial) string {
	switch {
	case x.Pod.Terminating:
		return "ending"
	case x.Gated:
		return "made"
	case x.Phase == mesh.Served:
		return "rests before it ends"
	case x.Phase == mesh.Serving && x.Pod.Ready:
		return "serves"
	case x.ContainersReady:
		return "ready"
	}
	return cmp.Or(x.Pod.Problem, "not ready")
}

// standInLines is the table of trial pods, nothing where there are none.
func standInLines(p format.Style, list []StandIn) []string {
	rows := [][]format.Cell{format.Header("TRIAL POD", "OF", "ON", "HOW", "STATE")}
	for _, x := range list {
		rows = append(rows, format.Row(x.Namespace+"/"+x.Pod, x.Of, x.Revision, x.Mode, x.State))
	}
	if len(rows) == 1 {
		return nil
	}
	return append([]string{""}, p.Table("", rows)...)
}

// tried is what a workload's trial has shown.
func (g Summary) tried(wl mesh.Workload) string {
	pass, ok := g.Ledger.TrialVerdict(wl)
	if !ok {
		return ""
	}
	return fmt.Sprintf("tried first, %s: %s", pass.At.Format("15:04:05"), pass.Evidence)
}
