// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"strings"
)

// Text writes the inventory for people: control planes, then one table a
// namespace, then what does not agree.
func (inv Inventory) Text(p Paper) string {
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

func (inv Inventory) controls(p Paper) []string {
	if len(inv.Revisions) == 0 {
		return []string{"No control plane: no istiod Deployment and no injection webhook in " + inv.RootNamespace + "."}
	}
	rows := [][]cell{head("REVISION", "TAGS", "VERSION", "READY", "PROXIES", "ISTIOD", "ANSWERS")}
	for _, c := range inv.Revisions {
		ready := cell{text: fmt.Sprintf("%d/%d", c.Ready, c.Wanted)}
		if c.Ready < c.Wanted || c.Wanted == 0 {
			ready.tone = bad
		}
		first := []cell{{c.Name, strong}, {text: or(inv.tags(c.Name), "-")}, {text: or(c.Version, "?")}, ready, {text: fmt.Sprint(c.Proxies)}}
		if len(c.Istiods) == 0 {
			rows = append(rows, append(first, cell{"none", bad}, cell{text: "-"}))
		}
		for i, d := range c.Istiods {
			if i > 0 {
				first = row("", "", "", "", "")
			}
			rows = append(rows, append(first, d.cells()...))
		}
	}
	return p.table("", rows)
}

func (d Istiod) cells() []cell {
	name := cell{text: d.Pod}
	if !d.Ready {
		name = cell{d.Pod + " (not ready)", bad}
	}
	if !d.Answers {
		return []cell{name, {"no", bad}}
	}
	return []cell{name, {"yes", good}}
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

func (inv Inventory) space(p Paper, s Space) []string {
	lines := []string{p.paint(strong, s.Name) + "  " + s.Binding}
	rows := [][]cell{head("", "WORKLOAD", "PODS", "LABELS ASK", "WEBHOOKS GIVE", "PODS CARRY", "SERVED BY", "ACKNOWLEDGED")}
	for _, t := range inv.Workloads {
		if t.Namespace == s.Name {
			rows = append(rows, t.rows()...)
		}
	}
	if len(rows) == 1 {
		return append(lines, "  no workloads")
	}
	return append(lines, p.table("", rows)...)
}

func (inv Inventory) strangers(p Paper) []string {
	if len(inv.Strangers) == 0 {
		return nil
	}
	rows := [][]cell{head("PROXY", "SERVED BY", "REVISION")}
	for _, s := range inv.Strangers {
		rows = append(rows, row(s.Namespace+"/"+s.Pod, s.Istiod, s.Revision))
	}
	return append([]string{"", p.paint(strong, "Connected, and no pod of a workload that was seen")}, p.table("  ", rows)...)
}

// verdict lists everything that disagrees, or says that nothing does.
func (inv Inventory) verdict(p Paper) []string {
	var lines []string
	for _, f := range inv.Findings {
		lines = append(lines, p.wrapped("! ", f)...)
	}
	odd := 0
	for _, t := range inv.Workloads {
		if len(t.Findings) > 0 {
			odd++
		}
		for _, f := range t.Findings {
			lines = append(lines, p.wrapped("! ", t.Kind+" "+t.Namespace+"/"+t.Name+": "+f)...)
		}
	}
	disagree := len(lines) > 0
	for _, t := range inv.Workloads {
		for _, r := range t.Remarks {
			lines = append(lines, p.wrapped("  ", t.Kind+" "+t.Namespace+"/"+t.Name+": "+r)...)
		}
	}
	if len(inv.Workloads) == 0 {
		return append(lines, "No workload concerns the mesh.")
	}
	sum := fmt.Sprintf("%s in %s: ", count(len(inv.Workloads), "workload"), count(len(inv.Namespaces), "namespace"))
	if !disagree {
		return append(lines, p.paint(good, sum+"labels, webhooks, pods and wire agree."))
	}
	agree := fmt.Sprintf("%sthe four agree for %d, and not for %d.", sum, len(inv.Workloads)-odd, odd)
	return append(lines, p.paint(warn, agree))
}
