// SPDX-License-Identifier: Apache-2.0

package report

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/rerig/rerig/internal/report/format"
	"github.com/rerig/rerig/internal/step"
)

// Text writes the proposal for people.
func (p Proposal) Text(style format.Style) string {
	lines := []string{style.Paint(format.Strong, p.title())}
	if p.Replaces != "" {
		lines = append(lines, style.Wrap("", "The record of "+p.Replaces+" is replaced by this one's. To keep it, give this run a --name of its own.")...)
	}
	for _, r := range p.Later {
		lines = append(lines, style.Wrap("", "After it came "+r+". This goes back past that, to what was found before run "+p.Run+".")...)
	}
	if len(p.Changed) > 0 {
		lines = append(lines, "", style.Paint(format.Strong, "Otherwise than on record"))
	}
	for _, c := range p.Changed {
		lines = append(lines, style.Wrap("  ", c)...)
	}
	if len(p.Plan.Stages) == 0 {
		return strings.Join(lines, "\n") + "\nNothing is left to do.\n"
	}
	if first := p.before(style); len(first) > 0 {
		lines = append(append(lines, ""), first...)
	}
	for _, g := range p.Plan.Target.Waves {
		lines = append(append(lines, ""), p.wave(style, g)...)
	}
	lines = append(lines, ways(style, p.Plan.Decisions)...)
	if last := p.after(style); len(last) > 0 {
		lines = append(append(lines, ""), last...)
	}
	lines = append(lines, notes(style, p.Plan.Notes)...)
	lines = append(lines, "")
	for _, s := range p.sum() {
		lines = append(lines, style.Wrap("", s)...)
	}
	return strings.Join(lines, "\n") + "\n"
}

func (p Proposal) title() string {
	t := p.Plan.Target
	over := fmt.Sprintf("%s in %s", format.Count(len(t.Namespaces()), "namespace"), format.Count(len(t.Waves), "wave"))
	switch {
	case t.Rollback:
		return fmt.Sprintf("Plan %s, back: %s, to what was found before it", p.Run, over)
	case t.Version != "":
		return fmt.Sprintf("Plan %s: %s to revision %s (Istio %s)", p.Run, over, t.Revision, t.Version)
	}
	return fmt.Sprintf("Plan %s: %s to revision %s", p.Run, over, t.Revision)
}

// before lists what precedes the waves.
func (p Proposal) before(style format.Style) []string {
	var lines []string
	for _, s := range step.Flat(p.Plan.Stages) {
		switch {
		case s.Wave != 0:
		case s.Kind == step.Define:
			lines = append(lines, "  define   MeshUpgrade, in which runs are recorded: CustomResourceDefinition "+s.Subject)
		case s.Kind == step.DeleteTrial:
			lines = append(lines, "  end      "+withdrawn(s))
		case s.Kind == step.Install:
			lines = append(lines, p.install(style, s)...)
		case p.Plan.Target.Rollback && (s.Kind == step.Pin || s.Kind == step.Tag):
			lines = append(lines, p.around(style, s)...)
		case s.Kind == step.Validate:
			lines = append(lines, style.Wrap("  judge    ", "revision "+s.Subject+": whole, ready, answering, its webhooks certified, the mesh's own trust root, no proxy moved to it by itself")...)
		}
	}
	if len(lines) == 0 {
		return nil
	}
	return append([]string{style.Paint(format.Strong, "Before the waves")}, lines...)
}

func (p Proposal) install(style format.Style, s step.Step) []string {
	i := p.Installer
	if s.From != "" {
		return []string{"  install  revision " + s.Subject + " again, from " + s.From}
	}
	if i == nil {
		return []string{"  install  revision " + s.Subject}
	}
	lines := []string{fmt.Sprintf("  install  revision %s from %s", s.Subject, i.From), "           by " + i.By}
	if i.Await {
		lines = []string{"  await    revision " + s.Subject + ", which " + i.By + " installs: this run only waits for it"}
	}
	for _, r := range grouped(i.LeftOut) {
		lines = append(lines, style.Wrap("           left out: ", r)...)
	}
	for _, r := range grouped(i.InPlace) {
		lines = append(lines, style.Wrap("           replaced in place: ", r)...)
	}
	if i.InheritedFrom != "" {
		lines = append(lines, style.Wrap("           carried over from ", i.InheritedFrom+": "+orNothing(i.Inherited))...)
	}
	for _, n := range i.Notes {
		lines = append(lines, style.Wrap("           note: ", n)...)
	}
	return lines
}

// orNothing names the values that the new revision gets from the old one.
func orNothing(values []string) string {
	if len(values) == 0 {
		return "nothing, it has the chart's own values"
	}
	return strings.Join(values, ", ")
}

// wave lists what is left of one wave.
func (p Proposal) wave(style format.Style, g step.Wave) []string {
	lines := []string{style.Paint(format.Strong, fmt.Sprintf("Wave %d of %d", g.Number, most(p.Plan.Target.Waves))) + "  " + strings.Join(g.Namespaces, ", ")}
	var rows [][]format.Cell
	proofs, retired, soak := 0, 0, ""
	for _, s := range step.Flat(p.Plan.Stages) {
		switch {
		case s.Wave != g.Number:
		case s.Kind == step.Trial:
			rows = append(rows, trialRow(s))
		case s.Kind == step.Label:
			rows = append(rows, format.Row("label", "Namespace "+s.Subject, "", s.From+" -> "+s.To+kept(s)))
		case s.Kind == step.LabelTemplate:
			rows = append(rows, format.Row("label", s.Subject, "", s.From+" -> "+s.To+": its template, for its next pods"))
		case s.Kind == step.EvictStuckPod:
			pod, _, _ := strings.Cut(s.From, " ")
			rows = append(rows, format.Row("evict", s.Subject, "pod "+pod, "is not ready, and would keep it from being put back"))
		case s.Kind == step.Restart:
			wl, _ := p.World.Workload(s.Subject)
			rows = append(rows, format.Row("restart", s.Subject, format.Count(len(wl.Live()), "pod"), s.From+" -> "+s.To+pinned(s), p.caution(s.Subject)))
		case s.Kind == step.EvictPods:
			wl, _ := p.World.Workload(s.Subject)
			rows = append(rows, format.Row("evict", s.Subject, format.Count(len(wl.Live()), "pod"), s.From+" -> "+s.To, cmp.Or(p.caution(s.Subject), "one after the other")))
		case s.Kind == step.Swap:
			wl, _ := p.World.Workload(s.Subject)
			rows = append(rows, format.Row("swap", s.Subject, format.Count(len(wl.Live()), "pod"), s.From+" -> "+s.To, comeback(wl, p.Plan.Target)))
		case s.Kind == step.DeleteParked:
			retired++
		case s.Kind == step.Verify:
			proofs++
		case s.Kind == step.Soak:
			soak = ", then soak " + format.Duration(p.Plan.Target.Soak) + " and prove again"
		}
	}
	switch {
	case proofs > 0:
		rows = append(rows, format.Row("prove", format.Count(proofs, "workload")+" on the wire"+soak))
	case soak != "":
		rows = append(rows, format.Row("soak", strings.TrimPrefix(soak, ", then soak ")))
	}
	if retired > 0 {
		rows = append(rows, format.Row("retire", format.Count(retired, "workload")+": "+p.ending()+" end, once they are quiet, and their keepers"))
	}
	if len(rows) == 0 {
		return append(lines, "  nothing is left")
	}
	return append(lines, style.Table("  ", rows)...)
}

// ending are the pods that a swap leaves behind: on the way back those that stood
// where the parked ones return to.
func (p Proposal) ending() string {
	if p.Plan.Target.Rollback {
		return "the pods that stood in their places"
	}
	return "the pods that were parked"
}

// caution marks a restart that the notes warn of.
func (p Proposal) caution(subject string) string {
	for _, n := range p.Plan.Notes {
		if n.Kind == step.MayLoseRequests && n.Subject == subject {
			return "may lose requests"
		}
	}
	return ""
}
