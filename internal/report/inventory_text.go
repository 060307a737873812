// SPDX-License-Identifier: Apache-2.0

package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/rerig/rerig/internal/report/format"
)

// Text returns the inventory for people: the control planes, a table per namespace,
// then what disagrees.
func (inv Inventory) Text(style format.Style) string {
	lines := append(inv.controlPlanes(style), inv.otherMeshes(style)...)
	workloads := map[string][]WorkloadState{}
	for _, t := range inv.Workloads {
		workloads[t.Namespace] = append(workloads[t.Namespace], t)
	}
	for _, ns := range inv.Namespaces {
		lines = slices.Concat(lines, []string{""}, style.Titled(ns.Name, ns.Binding), namespaceTable(style, workloads[ns.Name]))
	}
	lines = append(lines, trialTable(style, inv.Trials)...)
	lines = append(lines, inv.unknownPods(style)...)
	lines = append(append(lines, ""), inv.conclusion(style)...)
	return strings.Join(lines, "\n") + "\n"
}

func (inv Inventory) controlPlanes(style format.Style) []string {
	if len(inv.Revisions) == 0 {
		return style.Wrap("", "No control plane: no istiod Deployment and no injection webhook in namespace "+inv.RootNamespace+".")
	}
	rows := [][]format.Cell{format.Header("REVISION", "TAGS", "VERSION", "READY", "PROXIES", "ISTIOD", "ANSWERS")}
	for _, c := range inv.Revisions {
		ready := format.Cell{Text: fmt.Sprintf("%d/%d", c.Ready, c.Wanted)}
		if c.Ready < c.Wanted || c.Wanted == 0 {
			ready.Tone = format.Bad
		}
		first := []format.Cell{
			format.Strong.Cell(c.Name), {Text: cmp.Or(inv.tags(c.Name), "-")}, {Text: orUnknown(c.Version)},
			ready, {Text: fmt.Sprint(c.Proxies)},
		}
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
	return style.Table("", rows)
}

// otherMeshes names the other meshes in the cluster.
func (inv Inventory) otherMeshes(style format.Style) []string {
	var lines []string
	for _, m := range inv.OtherMeshes {
		text := fmt.Sprintf("The mesh whose istiod is in namespace %s is left out (%s %s; it injects %s): "+
			"`rerig inventory --istio-namespace %s` shows it.", m.RootNamespace, format.Choose(len(m.Revisions), "revision", "revisions"),
			strings.Join(m.Revisions, ", "), cmp.Or(format.List(m.Namespaces, shownNamespaces), "no namespace"), m.RootNamespace)
		lines = append(append(lines, ""), style.Wrap("", text)...)
	}
	return lines
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

func namespaceTable(style format.Style, workloads []WorkloadState) []string {
	if len(workloads) == 0 {
		return []string{"  no workloads"}
	}
	rows := [][]format.Cell{format.Header("", "WORKLOAD", "PODS", "LABELS", "WEBHOOK", "SIDECAR", "CONNECTED TO", "CONFIG")}
	for _, t := range workloads {
		rows = append(rows, t.rows()...)
	}
	return style.Table("", rows)
}

func (inv Inventory) unknownPods(style format.Style) []string {
	if len(inv.UnknownPods) == 0 {
		return nil
	}
	rows := [][]format.Cell{format.Header("PROXY", "CONNECTED TO", "REVISION")}
	for _, s := range inv.UnknownPods {
		rows = append(rows, format.Row(s.Namespace+"/"+s.Pod, s.Istiod, s.Revision))
	}
	heading := style.Paint(format.Strong, "Connected proxies that are no pod of a known workload")
	return append([]string{"", heading}, style.Table("  ", rows)...)
}

// conclusion lists everything that disagrees, or reports that nothing does.
func (inv Inventory) conclusion(style format.Style) []string {
	var lines []string
	for _, f := range inv.Findings {
		lines = append(lines, style.Wrap("! ", f)...)
	}
	disagree := 0
	for _, t := range inv.Workloads {
		if len(t.Findings) > 0 {
			disagree++
		}
		for _, f := range t.Findings {
			lines = append(lines, style.Wrap("! ", t.key()+": "+f)...)
		}
	}
	consistent := len(lines) == 0
	for _, t := range inv.Workloads {
		for _, r := range t.Remarks {
			lines = append(lines, style.Wrap("  ", t.key()+": "+r)...)
		}
	}
	if len(inv.Workloads) == 0 {
		return append(lines, "No workload is part of the mesh.")
	}
	total := fmt.Sprintf("%s in %s: ", format.Count(len(inv.Workloads), "workload"), format.Count(len(inv.Namespaces), "namespace"))
	if consistent {
		return append(lines, style.WrapIn(format.Good, "", total+"labels, webhooks, sidecars and connections agree.")...)
	}
	return append(lines, style.WrapIn(format.Warn, "", fmt.Sprintf(
		"%slabels, webhooks, sidecars and connections agree for %d and disagree for %d.", total, len(inv.Workloads)-disagree, disagree))...)
}

func (t WorkloadState) key() string { return t.Kind + " " + t.Namespace + "/" + t.Name }
