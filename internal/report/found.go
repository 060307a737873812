// SPDX-License-Identifier: Apache-2.0

package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/rerig/rerig/internal/engine"
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/report/format"
)

// Difference is something that is not as it was found before a run.
type Difference struct {
	Subject string `json:"subject"`
	Before  string `json:"before"`
	Now     string `json:"now"`
}

// differences lists what is not as it was found: sidecars, also of what is no part of
// the run, labels and tags. Of what has no pods now there is nothing to compare.
func (g Summary) differences() []Difference {
	var list []Difference
	differ := func(subject, before, now string) {
		if before != now {
			list = append(list, Difference{subject, cmp.Or(before, "no sidecar"), cmp.Or(now, "no sidecar")})
		}
	}
	b := g.Ledger.Baseline
	for _, wl := range g.World.Workloads {
		if before, was := b.Sidecars[wl.Key()]; was && len(wl.Live()) > 0 {
			differ(wl.Key(), before, strings.Join(wl.Sidecars(), "+"))
		}
	}
	for _, name := range g.namespaces() {
		if ns, there := g.World.Namespace(name); there && b.Bindings[name] != "" {
			differ("Namespace "+name, b.Bindings[name], ns.Binding().String())
		}
	}
	for _, tag := range slices.Sorted(maps.Keys(b.Tags)) {
		differ("tag "+tag, cmp.Or(b.Tags[tag], "nobody"), cmp.Or(strings.Join(g.World.TagRevisions(tag), "+"), "nobody"))
	}
	return list
}

// notAsFound shows them, once a run is rolled back.
func (g Summary) notAsFound(p format.Style) []string {
	rows := [][]format.Cell{format.Header("NOT AS FOUND", "BEFORE", "NOW")}
	for _, d := range g.differences() {
		rows = append(rows, format.Row(d.Subject, d.Before, d.Now))
	}
	if len(rows) == 1 {
		return nil
	}
	return append([]string{""}, p.Table("", rows)...)
}

// staying are the workloads of the run's namespaces that are not on the revision,
// or not wholly.
func (g Summary) staying() []string {
	var keys []string
	for _, name := range g.namespaces() {
		for _, wl := range g.World.In(name) {
			if g.stays(wl) {
				keys = append(keys, wl.Key())
			}
		}
	}
	return keys
}

func (g Summary) stays(wl mesh.Workload) bool {
	want := g.Target.RevisionOf(wl)
	return want != "" && !wl.Gateway && slices.ContainsFunc(wl.Sidecars(), func(r string) bool { return r != "" && r != want })
}

// Result says in half a sentence how the mesh stands at the end of a run, and in
// the other half what of it does not: "" for nothing.
func (g Summary) Result() (string, string) {
	if g.Outcome == engine.RolledBack {
		switch n := len(g.differences()); n {
		case 0:
			return "everything is as it was found before it", ""
		case 1:
			return "what was to go back is back", "; 1 thing is not as it was found before the run"
		default:
			return "what was to go back is back", fmt.Sprintf("; %d things are not as they were found before the run", n)
		}
	}
	switch n := len(g.staying()); n {
	case 0:
		moved := len(g.namespaces())
		return fmt.Sprintf("%s %s on revision %s", format.Count(moved, "namespace"), format.Are(moved), g.Intent.Revision), ""
	case 1:
		return "what was to move is on revision " + g.Intent.Revision, "; 1 workload stays where it was"
	default:
		return "what was to move is on revision " + g.Intent.Revision, fmt.Sprintf("; %d workloads stay where they were", n)
	}
}
