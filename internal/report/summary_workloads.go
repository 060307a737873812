// SPDX-License-Identifier: Apache-2.0

package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/strategy"
	"github.com/rerig/rerig/internal/report/format"
	"github.com/rerig/rerig/internal/step"
)

// workloadResult is what became of one workload.
type workloadResult struct {
	mesh.Workload
	wave     int
	begun    bool // the wave's turn has come
	before   string
	now      string
	status   workloadStatus
	verified string // when, and how long after its restart; or what it waits for
	pass     step.Pass
	decision step.Decision
}

type workloadStatus string

const (
	notVerified     workloadStatus = "not verified"
	notMoved        workloadStatus = "not moved"
	nothingToVerify workloadStatus = "nothing to verify"
	notBegun        workloadStatus = "whose wave has not begun"
	verified        workloadStatus = "verified"
)

// statuses are in the order in which workloads are listed: exceptions first.
var statuses = []workloadStatus{notVerified, notMoved, nothingToVerify, notBegun, verified}

// unexceptional are the statuses of workloads that are counted alone where not all fit.
var unexceptional = []workloadStatus{notBegun, verified}

// results returns the workloads of the run.
func (g Summary) results() []workloadResult {
	open := map[string]bool{} // workloads whose verification is left
	for _, s := range step.Flat(g.Left) {
		open[string(s.Subject)] = open[string(s.Subject)] || s.Kind == step.Verify
	}
	var list []workloadResult
	left := indexSteps(g.Left)
	for i, namespaces := range g.Ledger.Waves {
		wave := i + 1
		begun := !g.waitsForTurn(left, wave)
		for _, name := range namespaces {
			for _, wl := range g.World.WorkloadsIn(name) {
				before, was := g.Ledger.Baseline.Sidecars[wl.Ref()]
				if !g.Target.Policy.Includes(wl) || !was && !wl.Injected() {
					continue
				}
				r := workloadResult{
					Workload: wl, decision: strategy.Decide(g.Target.Policy, wl), wave: wave, begun: begun,
					before: cmp.Or(before, "no sidecar"), now: cmp.Or(mesh.JoinRevisions(wl.Sidecars()), "no sidecar"),
				}
				r.pass, _ = g.pass(wl)
				r.status, r.verified = g.status(r, open[string(wl.Ref())])
				list = append(list, r)
			}
		}
	}
	slices.SortStableFunc(list, func(a, b workloadResult) int {
		return slices.Index(statuses, a.status) - slices.Index(statuses, b.status)
	})
	return list
}

// status returns what became of a workload, and when it was verified.
func (g Summary) status(r workloadResult, open bool) (workloadStatus, string) {
	switch took, restarted := moveDuration(g.World, r.Workload, g.wanted(r.Workload), g.Target.Run, g.Ledger); {
	case restarted:
		return verified, fmt.Sprintf("%s, %s after its restart", r.pass.At.Format(time.TimeOnly), format.Duration(took))
	case !r.pass.At.IsZero():
		return verified, r.pass.At.Format(time.TimeOnly)
	case len(r.Live()) == 0:
		return nothingToVerify, ""
	case r.decision.Moves() && !r.begun && (open || g.Target.OnlyWave > 0) && !g.movedByRun(r):
		return notBegun, fmt.Sprintf("waits for wave %d", r.wave)
	case !r.decision.Moves(), r.RestartAnnotation.Run != g.Run && !open:
		return notMoved, ""
	}
	return notVerified, ""
}

// waitsForTurn reports whether the turn of a wave has not come. After the rollback of the
// wave that failed, nothing of the later ones is left in the plan.
func (g Summary) waitsForTurn(left leftSteps, wave int) bool {
	if g.Target.OnlyWave > 0 {
		return wave > g.Target.OnlyWave
	}
	return left.waveState(g.Left, wave) == Pending
}

// movedByRun reports whether a workload has come to the revision that it should have.
func (g Summary) movedByRun(r workloadResult) bool {
	return r.now == g.wanted(r.Workload) && r.now != r.before
}

// wanted returns the revision that a workload should have. Where the target has none
// for it, since another wave was rolled back, it is the one that it has.
func (g Summary) wanted(wl mesh.Workload) string {
	return cmp.Or(g.Target.RevisionOf(wl), mesh.JoinRevisions(wl.Sidecars()))
}

func (g Summary) pass(wl mesh.Workload) (step.Pass, bool) {
	pass, ok := g.Ledger.Passed[step.VerifyKey(g.World, wl, g.wanted(wl))]
	return pass, ok
}

// workloadCounts says how many workloads have each status.
func workloadCounts(style format.Style, results []workloadResult) []string {
	var parts []string
	for _, s := range slices.Backward(statuses) {
		if n := countStatus(results, s); n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, s))
		}
	}
	if len(parts) == 0 {
		return nil
	}
	return style.Wrap("", format.Count(len(results), "workload")+": "+strings.Join(parts, ", "))
}

func countStatus(results []workloadResult, s workloadStatus) (n int) {
	for _, r := range results {
		if r.status == s {
			n++
		}
	}
	return n
}

// workloads lists the workloads, where they do not fit the exceptions alone; then why some
// were not moved; with details, the evidence.
func (g Summary) workloads(style format.Style, results []workloadResult) []string {
	rows := make([][]format.Cell, 0, len(results))
	for _, r := range results {
		rows = append(rows, format.Row(string(r.Ref()), r.before, r.now, podCounts(r.Workload), cmp.Or(r.verified, string(r.status))))
	}
	var lines []string
	shown := len(rows)
	if shown > screenful && !style.Details {
		for _, s := range unexceptional {
			shown -= countStatus(results, s)
		}
		shown = min(shown, screenful)
	}
	if shown > 0 {
		header := format.Header("WORKLOAD", "BEFORE", "NOW", "PODS", "VERIFIED")
		lines = append([]string{""}, style.Table("", append([][]format.Cell{header}, rows[:shown]...))...)
	}
	lines = append(folded(lines, len(rows)-shown, style, "workload"), notMovedReasons(style, results)...)
	if style.Details {
		lines = append(lines, g.evidence(style, results)...)
	}
	return lines
}

// podCounts returns the ready and the wanted pods, and those of a swap.
func podCounts(wl mesh.Workload) string {
	ready := 0
	for _, p := range wl.Live() {
		if p.Ready {
			ready++
		}
	}
	text := fmt.Sprintf("%d/%d", ready, wl.Replicas)
	if swap := swapPods(wl); swap != "" {
		text += " + " + swap
	}
	return text
}

// notMovedReasons lists why workloads were not moved, those with the same reason
// together.
func notMovedReasons(style format.Style, results []workloadResult) []string {
	var notes []step.Note
	for _, r := range results {
		if r.status == notMoved && !r.decision.Moves() {
			notes = append(notes, step.Note{Subject: string(r.Ref()), Text: r.decision.Reason, Remedy: r.decision.Remedy})
		}
	}
	if len(notes) == 0 {
		return nil
	}
	lines := []string{"", style.Paint(format.Dim, "NOT MOVED")}
	return append(lines, paragraphs(style, notes, "workload", func(text string) string { return text })...)
}

// evidence lists what the verification of each workload saw.
func (g Summary) evidence(style format.Style, results []workloadResult) []string {
	var lines []string
	for _, r := range results {
		evidence := r.pass.Evidence
		if types := g.acknowledgedTypes(r.Workload); evidence != "" && types != "" {
			evidence += "; types acknowledged: " + types
		}
		trial := g.trialEvidence(r.Workload)
		if evidence == "" && trial == "" {
			continue
		}
		lines = append(lines, "  "+string(r.Ref()))
		for _, text := range []string{trial, evidence} {
			if text != "" {
				lines = append(lines, style.Wrap("    ", text)...)
			}
		}
	}
	if len(lines) == 0 {
		return nil
	}
	return append([]string{"", style.Paint(format.Dim, "EVIDENCE")}, lines...)
}

// acknowledgedTypes lists the types of configuration that the proxies of a workload
// have acknowledged.
func (g Summary) acknowledgedTypes(wl mesh.Workload) string {
	var types []string
	for _, p := range wl.Live() {
		for _, c := range g.World.Connections(wl.Namespace, p.Name) {
			for _, t := range c.Sent {
				if !slices.Contains(types, t) && !slices.Contains(c.Unacked, t) {
					types = append(types, t)
				}
			}
		}
	}
	slices.Sort(types)
	return strings.Join(types, " ")
}
