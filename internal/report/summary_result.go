// SPDX-License-Identifier: Apache-2.0

package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/rerig/rerig/internal/engine"
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/report/format"
	"github.com/rerig/rerig/internal/step"
)

// Difference is something that differs from the baseline of a run.
type Difference struct {
	Subject string `json:"subject"`
	Before  string `json:"before"`
	Now     string `json:"now"`
}

// differences lists what differs from the baseline: sidecars, also of workloads that
// are not part of the run, labels and tags. Workloads without pods are not compared.
func (g Summary) differences() []Difference {
	var list []Difference
	compare := func(subject, before, now string) {
		if before != now {
			list = append(list, Difference{Subject: subject, Before: cmp.Or(before, "no sidecar"), Now: cmp.Or(now, "no sidecar")})
		}
	}
	baseline := g.Ledger.Baseline
	for _, wl := range g.World.Workloads {
		if before, was := baseline.Sidecars[wl.Ref()]; was && len(wl.Live()) > 0 {
			compare(string(wl.Ref()), before, mesh.JoinRevisions(wl.Sidecars()))
		}
	}
	for _, name := range g.namespaces() {
		if ns, exists := g.World.Namespace(name); exists && baseline.Bindings[name] != "" {
			compare("Namespace "+name, baseline.Bindings[name], ns.Binding().String())
		}
	}
	for _, tag := range slices.Sorted(maps.Keys(baseline.Tags)) {
		compare("tag "+tag, cmp.Or(baseline.Tags[tag], "no revision"), cmp.Or(mesh.JoinRevisions(g.World.TagRevisions(tag)), "no revision"))
	}
	return list
}

// differenceTable lists what differs from the baseline after a rollback.
func (g Summary) differenceTable(style format.Style) []string {
	var rows [][]format.Cell
	for _, d := range g.differences() {
		rows = append(rows, format.Row(d.Subject, d.Before, d.Now))
	}
	return section(style, format.Header("DIFFERENCE", "BEFORE", "NOW"), rows, "difference")
}

// staying returns the workloads of the run's namespaces with pods on another revision.
func (g Summary) staying() []string {
	var keys []string
	for _, name := range slices.Concat(g.Ledger.Waves...) {
		for _, wl := range g.World.WorkloadsIn(name) {
			if g.stays(wl) {
				keys = append(keys, string(wl.Ref()))
			}
		}
	}
	return keys
}

func (g Summary) stays(wl mesh.Workload) bool {
	want := g.Target.RevisionOf(wl)
	other := func(r string) bool { return r != "" && r != want }
	return want != "" && g.Target.Policy.Includes(wl) && slices.ContainsFunc(wl.Sidecars(), other)
}

// Result returns the result of a run that ended, and its exceptions, "" for none.
func (g Summary) Result() (result, exceptions string) {
	if g.Outcome == engine.RolledBack {
		if n := len(g.differences()); n > 0 {
			return "all moved workloads are rolled back and verified", "; " + format.Count(n, "difference") + " from before the run"
		}
		return "everything is as before the run, and verified", ""
	}
	if n := len(g.staying()); n > 0 {
		stay := format.Count(n, "workload") + format.Choose(n, " stays", " stay")
		return "all moved workloads are on revision " + g.Intent.Revision + " and verified", "; " + stay + " on another revision"
	}
	namespaces, gateways := step.SplitWaves(g.Ledger.Waves)
	return fmt.Sprintf("%s %s on revision %s and verified", countMoved(namespaces, gateways), format.Are(len(namespaces)+len(gateways)),
		g.Intent.Revision), ""
}

// countMoved counts the namespaces of a run, and the gateways that have waves of their own.
func countMoved(namespaces, gateways []string) string {
	text := format.Count(len(namespaces), "namespace")
	if n := len(gateways); n > 0 {
		text += fmt.Sprintf(" and %d %s", n, format.Choose(n, "gateway", "gateways"))
	}
	return text
}
