// SPDX-License-Identifier: Apache-2.0

package report

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/rerig/rerig/internal/report/format"
)

// Text writes the inventory for people: control planes, then one table a
// namespace, then what does not agree.
func (inv Inventory) Text(p format.Style) string {
	lines := inv.controls(p)
	for _, s := range inv.Namespaces {
		lines = append(lines, "")
		lines = append(lines, inv.space(p, s)...)
	}
	lines = append(lines, standInLines(p, inv.Trials)...)
	lines = append(lines, inv.strangers(p)...)
	lines = append(lines, "")
	lines = append(lines, inv.verdict(p)...)
	return strings.Join(lines, "\n") + "\n"
}

func (inv Inventory) controls(p format.Style) []string {
	if len(inv.Revisions) == 0 {
		return []string{"No control plane: no istiod Deployment and no injection webhook in " + inv.RootNamespace + "."}
	}
	rows := [][]format.Cell{format.Header("REVISION", "TAGS", "VERSION", "READY", "PROXIES", "ISTIOD", "ANSWERS")}
	for _, c := range inv.Revisions {
		ready := format.Cell{Text: fmt.Sprintf("%d/%d", c.Ready, c.Wanted)}
		if c.Ready < c.Wanted || c.Wanted == 0 {
			ready.Tone = format.Bad
		}
		first := []format.Cell{format.Strong.Cell(c.Name), {Text: cmp.Or(inv.tags(c.Name), "-")}, {Text: cmp.Or(c.Version, "?")}, ready, {Text: fmt.Sprint(c.Proxies)}}
		if len(c.Istiods) == 0 {
			rows = append(rows, append(first, format.Bad.Cell("none"), format.Cell{Text: "-"}))
		}
		for i, d := range c.Istiods {
			if i > 0 {
				first = format.Row("", "", "", "", "")
			}
			rows = append(rows, append(first, d.cells()...))
		}
	}
	return p.Table("", rows)
}

func (d Istiod) cells() []format.Cell {
	name := format.Cell{Text: d.Pod}
	if !d.Ready {
		name = format.Bad.Cell(d.Pod + " (not ready)")
	}
	if !d.Answers {
		return []format.Cell{name, format.Bad.Cell("no")}
	}
	return []format.Cell{name, format.Good.Cell("yes")}
}

func (inv Inventory) tags(revision string) string {
	var names []string
	for _, t := range inv.Tags {
		if t.Revision == revision {
			names = append(names, t.Name)
		}
	}
	return strings.Join(names, ",")
}

func (inv Inventory) space(p format.Style, s Space) []string {
	lines := []string{p.Paint(format.Strong, s.Name) + "  " + s.Binding}
	rows := [][]format.Cell{format.Header("", "WORKLOAD", "PODS", "LABELS ASK", "WEBHOOKS GIVE", "PODS CARRY", "SERVED BY", "ACKNOWLEDGED")}
	for _, t := range inv.Workloads {
		if t.Namespace == s.Name {
			rows = append(rows, t.rows()...)
		}
	}
	if len(rows) == 1 {
		return append(lines, "  no workloads")
	}
	return append(lines, p.Table("", rows)...)
}

func (inv Inventory) strangers(p format.Style) []string {
	if len(inv.Strangers) == 0 {
		return nil
	}
	rows := [][]format.Cell{format.Header("PROXY", "SERVED BY", "REVISION")}
	for _, s := range inv.Strangers {
		rows = append(rows, format.Row(s.Namespace+"/"+s.Pod, s.Istiod, s.Revision))
	}
	return append([]string{"", p.Paint(format.Strong, "Connected, and no pod of a workload that was seen")}, p.Table("  ", rows)...)
}

// verdict lists everything that disagrees, or says that nothing does.
func (inv Inventory) verdict(p format.Style) []string {
	var lines []string
	for _, f := range inv.Findings {
		lines = append(lines, p.Wrap("! ", f)...)
	}
	odd := 0
	for _, t := range inv.Workloads {
		if len(t.Findings) > 0 {
			odd++
		}
		for _, f := range t.Findings {
			lines = append(lines, p.Wrap("! ", t.Kind+" "+t.Namespace+"/"+t.Name+": "+f)...)
		}
	}
	disagree := len(lines) > 0
	for _, t := range inv.Workloads {
		for _, r := range t.Remarks {
			lines = append(lines, p.Wrap("  ", t.Kind+" "+t.Namespace+"/"+t.Name+": "+r)...)
		}
	}
	if len(inv.Workloads) == 0 {
		return append(lines, "No workload concerns the mesh.")
	}
	sum := fmt.Sprintf("%s in %s: ", format.Count(len(inv.Workloads), "workload"), format.Count(len(inv.Namespaces), "namespace"))
	if !disagree {
		return append(lines, p.Paint(format.Good, sum+"labels, webhooks, pods and wire agree."))
	}
	agree := fmt.Sprintf("%sthe four agree for %d, and not for %d.", sum, len(inv.Workloads)-odd, odd)
	return append(lines, p.Paint(format.Warn, agree))
}
