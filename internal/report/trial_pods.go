// SPDX-License-Identifier: Apache-2.0

package report

import (
	"cmp"
	"fmt"
	"time"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/report/format"
)

// TrialPod is a trial pod for text and JSON.
type TrialPod struct {
	Namespace string `json:"namespace"`
	Pod       string `json:"pod"`
	Of        string `json:"workload"`
	Revision  string `json:"revision"`
	Mode      string `json:"mode"`
	State     string `json:"state"`
	Run       string `json:"run"`
}

// trialPods returns the trial pods of all runs.
func trialPods(w mesh.World) []TrialPod {
	var list []TrialPod
	for _, x := range w.Trials {
		list = append(list, TrialPod{
			Namespace: x.Namespace, Pod: x.Pod.Name, Of: string(x.Workload), Revision: x.Revision, Mode: x.Mode, State: trialState(x), Run: x.Run,
		})
	}
	return list
}

func trialState(x mesh.Trial) string {
	switch {
	case x.Pod.Terminating:
		return "terminating"
	case x.Gated:
		return "created"
	case x.Phase == mesh.Served:
		return "draining"
	case x.Phase == mesh.Serving && x.Pod.Ready:
		return "serving"
	case x.ContainersReady:
		return "ready"
	}
	return cmp.Or(x.Pod.Problem, "not ready")
}

// trialTable is the table of trial pods, nothing where there are none.
func trialTable(style format.Style, list []TrialPod) []string {
	var rows [][]format.Cell
	for _, x := range list {
		rows = append(rows, format.Row(x.Namespace+"/"+x.Pod, x.Of, x.Revision, x.Mode, x.State))
	}
	return section(style, format.Header("TRIAL POD", "OF", "REVISION", "MODE", "STATE"), rows, "trial pod")
}

// section is a table below an empty line, at most a screenful of rows, nothing
// without rows.
func section(style format.Style, header []format.Cell, rows [][]format.Cell, noun string) []string {
	if len(rows) == 0 {
		return nil
	}
	more := len(rows) - screenful
	if more > 0 && !style.Details {
		rows = rows[:screenful]
	}
	lines := style.Table("", append([][]format.Cell{header}, rows...))
	return append([]string{""}, folded(lines, more, style, noun)...)
}

// trialEvidence returns what the trial of a workload showed, "" without a trial.
func (g Summary) trialEvidence(wl mesh.Workload) string {
	pass, ok := g.Ledger.TrialVerdict(wl)
	if !ok {
		return ""
	}
	return fmt.Sprintf("trial passed at %s: %s", pass.At.Format(time.TimeOnly), pass.Evidence)
}
