// SPDX-License-Identifier: Apache-2.0

package report

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/advice"
	"github.com/rerig/rerig/internal/report/format"
	"github.com/rerig/rerig/internal/step"
)

// screenful is how many lines a section has before it is folded, unless the
// style asks for details.
const screenful = 40

// planView is a proposal with what its rows look up.
type planView struct {
	Proposal
	style    format.Style
	byWave   map[int][]step.Step
	cautions map[string]bool // workloads that may lose requests
}

func newPlanView(p Proposal, style format.Style) planView {
	v := planView{Proposal: p, style: style, byWave: map[int][]step.Step{}, cautions: map[string]bool{}}
	for _, stage := range p.Plan.Stages {
		v.byWave[stage.Wave] = append(v.byWave[stage.Wave], stage.Steps...)
	}
	for _, n := range p.Plan.Notes {
		if n.Kind == step.MayLoseRequests {
			v.cautions[n.Subject] = true
		}
	}
	return v
}

// outside lists the steps before the waves, or after them.
func (v planView) outside(heading string, last bool) []string {
	var steps []step.Step
	for _, s := range v.byWave[0] {
		if after := vocabulary[s.Kind].last; last == (after != nil && after(v.Plan.Target.Rollback)) {
			steps = append(steps, s)
		}
	}
	if len(steps) == 0 {
		return nil
	}
	var lines []string
	left := len(steps)
	for _, group := range grouped(steps, v.outsideGroup(steps)) {
		if len(lines) >= screenful && !v.style.Details {
			break
		}
		lines = append(lines, v.outsideStep(group)...)
		left -= len(group)
	}
	return append([]string{"", v.style.Paint(format.Strong, heading)}, folded(lines, left, v.style, "step")...)
}

// outsideGroup returns what steps have in common that are listed together: many steps
// of a kind with the same detail.
func (v planView) outsideGroup(steps []step.Step) func(step.Step) string {
	counts := map[step.Kind]int{}
	for _, s := range steps {
		counts[s.Kind]++
	}
	return func(s step.Step) string {
		if vocabulary[s.Kind].many == nil || counts[s.Kind] <= maxRows || v.style.Details {
			return fmt.Sprint(s.Kind, " ", s.Subject, " ", s.From)
		}
		return string(s.Kind) + ": " + vocabulary[s.Kind].detail(s)
	}
}

func (v planView) outsideStep(group []step.Step) []string {
	s, words := group[0], vocabulary[group[0].Kind]
	if s.Kind == step.Install {
		return v.installation(s)
	}
	text := objectAfterVerb(s)
	if len(group) > 1 && words.many != nil {
		text = words.many(len(group))
	}
	if words.detail != nil {
		text += ": " + words.detail(s)
	}
	return v.style.Wrap(fmt.Sprintf("  %-8s ", words.verb), text)
}

// folded ends lines with how many more there are.
func folded(lines []string, more int, style format.Style, noun string) []string {
	if more <= 0 || style.Details {
		return lines
	}
	return append(lines, style.Paint(format.Dim, "  … and "+format.Count(more, "more "+noun)+": --details, or -o json"))
}

// planRow is one row of a wave.
type planRow struct {
	verb   string
	object string
	noun   string // what object is counted as where rows are folded into one; "" is never folded
	pods   int    // 0 shows none
	change string
	remark string
}

func (r planRow) cells() []format.Cell {
	pods := ""
	if r.pods > 0 {
		pods = format.Count(r.pods, "pod")
	}
	switch {
	case r.remark != "":
		return format.Row(r.verb, r.object, pods, r.change, r.remark)
	case r.change != "":
		return format.Row(r.verb, r.object, pods, r.change)
	}
	return format.Row(r.verb, r.object)
}

// waves lists what is left of the waves: a row per step where all of them fit, else
// a row per kind of change, else a line per wave.
func (v planView) waves() []string {
	if advice.OnlyRemoves(v.Plan.Stages) {
		return nil
	}
	groups, rows, total := v.Plan.Target.Waves, map[int][]planRow{}, 0
	for _, g := range groups {
		rows[g.Number] = v.rows(g.Number)
		total += len(rows[g.Number])
	}
	fold := total > screenful && !v.style.Details
	if fold {
		total = 0
		for _, g := range groups {
			rows[g.Number] = foldedRows(rows[g.Number])
			total += len(rows[g.Number]) + 2
		}
	}
	if total > screenful && !v.style.Details {
		return v.waveLines()
	}
	var lines []string
	for _, g := range groups {
		lines = append(append(append(lines, ""), v.waveTitle(g, fold)...), v.waveTable(rows[g.Number])...)
	}
	return lines
}

// shownNamespaces is how many namespaces of a wave are named where it is folded.
const shownNamespaces = 6

func (v planView) waveTitle(g step.Wave, fold bool) []string {
	title := fmt.Sprintf("Wave %d of %d", g.Number, lastWave(v.Plan.Target.Waves))
	if v.Plan.Target.OnlyWave > 0 { // how many there are is not part of this plan
		title = fmt.Sprintf("Wave %d", g.Number)
	}
	namespaces := strings.Join(g.Namespaces, ", ")
	if fold {
		namespaces = format.Count(len(g.Namespaces), "namespace") + ": " + format.List(g.Namespaces, shownNamespaces)
	}
	return v.style.Titled(title, namespaces)
}

func (v planView) waveTable(rows []planRow) []string {
	if len(rows) == 0 {
		return []string{"  nothing is left"}
	}
	cells := make([][]format.Cell, 0, len(rows))
	for _, r := range rows {
		cells = append(cells, r.cells())
	}
	return v.style.Table("  ", cells)
}

// rows returns a row per step of a wave, and one for all steps of a kind that is
// summed up.
func (v planView) rows(wave int) []planRow {
	var rows []planRow
	summed := map[step.Kind][]step.Step{}
	var order []step.Kind
	for _, s := range v.byWave[wave] {
		words := vocabulary[s.Kind]
		switch {
		case words.row != nil:
			r := words.row(v, s)
			r.verb = words.verb
			rows = append(rows, r)
		case words.sum != nil:
			if len(summed[s.Kind]) == 0 {
				order = append(order, s.Kind)
			}
			summed[s.Kind] = append(summed[s.Kind], s)
		}
	}
	for _, kind := range order {
		rows = append(rows, planRow{verb: vocabulary[kind].verb, object: vocabulary[kind].sum(v, summed[kind])})
	}
	return rows
}

// foldedRows makes one row of those that differ in their object only.
func foldedRows(rows []planRow) []planRow {
	type rowKey struct{ verb, noun, change, remark string }
	at, count := map[rowKey]int{}, map[rowKey]int{}
	var list []planRow
	for _, r := range rows {
		key := rowKey{verb: r.verb, noun: r.noun, change: r.change, remark: r.remark}
		if i, known := at[key]; known && r.noun != "" {
			count[key]++
			list[i].object = format.Count(count[key], r.noun)
			list[i].pods += r.pods
			continue
		}
		at[key], count[key] = len(list), 1
		list = append(list, r)
	}
	return list
}

// waveLines has a line per wave with the numbers of its steps.
func (v planView) waveLines() []string {
	lines, groups := []string{"", v.style.Paint(format.Strong, "Waves")}, v.Plan.Target.Waves
	rows := make([][]format.Cell, 0, screenful)
	for _, g := range groups[:min(len(groups), screenful)] {
		wave := fmt.Sprintf("%d/%d", g.Number, lastWave(groups))
		rows = append(rows, format.Row(wave, format.Count(len(g.Namespaces), "namespace"), v.waveCounts(g.Number)))
	}
	return append(lines, folded(v.style.Table("  ", rows), len(groups)-len(rows), v.style, "wave")...)
}

// waveCounts counts the steps of a wave by kind, in their order.
func (v planView) waveCounts(wave int) string {
	counts := map[string]int{}
	var order []string
	for _, s := range v.byWave[wave] {
		if words := vocabulary[s.Kind]; s.Kind.Changes() || s.Kind == step.Verify {
			if counts[words.verb]++; counts[words.verb] == 1 {
				order = append(order, words.verb)
			}
		}
	}
	for i, verb := range order {
		order[i] = fmt.Sprintf("%s %d", verb, counts[verb])
	}
	return cmp.Or(strings.Join(order, ", "), "nothing is left")
}

func trialRow(_ planView, s step.Step) planRow {
	return planRow{object: string(s.Subject), noun: "workload", change: "1 trial pod on " + s.To + ", " + s.From}
}

func restartRow(v planView, s step.Step) planRow {
	return v.workloadRow(s, change(s)+templateLabel(s), v.caution(string(s.Subject)))
}

func evictionRow(v planView, s step.Step) planRow {
	return v.workloadRow(s, change(s), cmp.Or(v.caution(string(s.Subject)), "one pod at a time"))
}

func swapRow(v planView, s step.Step) planRow {
	wl, _ := v.World.Workload(s.Workload())
	text := change(s)
	if v.heldRollout(s) {
		text += ", by a held rollout"
	}
	return v.workloadRow(s, text+renderedFrom(s), returning(wl, v.Plan.Target))
}

// heldRollout reports whether a swap is made by a held rollout.
func (p Proposal) heldRollout(s step.Step) bool {
	wl, _ := p.World.Workload(s.Workload())
	return s.Kind == step.Swap && p.Plan.Target.Policy.NeedsTemplate(wl)
}

// renderedFrom names what a gateway's template is rendered from, and the digest of it.
func renderedFrom(s step.Step) string {
	operator, digest, ok := strings.Cut(s.Input, "/")
	if !ok {
		return ""
	}
	return ", its template rendered from IstioOperator " + operator + ", digest " + digest
}

func (v planView) workloadRow(s step.Step, change, remark string) planRow {
	wl, _ := v.World.Workload(s.Workload())
	return planRow{object: string(s.Subject), noun: "workload", pods: len(wl.Live()), change: change, remark: remark}
}

// caution marks a step that the notes warn of.
func (v planView) caution(workload string) string {
	if v.cautions[workload] {
		return "may lose requests"
	}
	return ""
}

// templateLabel returns what a restart changes in the template besides its restart
// annotation.
func templateLabel(s step.Step) string {
	switch s.TemplateLabel {
	case "":
		return ""
	case "-":
		return ", template label " + mesh.RevisionLabel + " removed"
	}
	return ", template label " + mesh.RevisionLabel + "=" + s.TemplateLabel
}

func verification(_ planView, steps []step.Step) string { return format.Count(len(steps), "workload") }

// parkedDeletion tells which pods a swap leaves to be deleted. In a rollback they are
// those that served in place of the parked ones.
func parkedDeletion(v planView, steps []step.Step) string {
	pods := "parked pods"
	if v.Plan.Target.Rollback {
		pods = "pods that the returning ones replace"
	}
	return fmt.Sprintf("%s of %s, once drained, and their keepers", pods, format.Count(len(steps), "workload"))
}
