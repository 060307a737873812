// SPDX-License-Identifier: Apache-2.0

package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/report/format"
)

// workloads are the sidecars before and now, each with the evidence under it.
func (g Page) workloads(p format.Style) []string {
	rows := [][]format.Cell{format.Header("WORKLOAD", "BEFORE", "NOW", "PODS", "PROVEN")}
	var proofs []string
	for _, name := range g.namespaces() {
		for _, wl := range g.World.Workloads {
			before, was := g.Ledger.Baseline.Sidecars[wl.Key()]
			if wl.Namespace != name || wl.Gateway || !was && !wl.Injected() {
				continue
			}
			rows = append(rows, format.Row(wl.Key(), cmp.Or(before, "no sidecar"), cmp.Or(strings.Join(wl.Sidecars(), "+"), "no sidecar"), pods(wl), g.proof(wl)))
			tried, e := g.tried(wl), g.evidence(wl)
			if tried != "" || e != "" {
				proofs = append(proofs, "  "+wl.Key())
			}
			for _, line := range []string{tried, e} {
				if line != "" {
					proofs = append(proofs, p.Wrap("    ", line)...)
				}
			}
		}
	}
	lines := append([]string{""}, p.Table("", rows)...)
	if len(proofs) > 0 {
		lines = append(append(lines, "", p.Paint(format.Dim, "EVIDENCE")), proofs...)
	}
	return lines
}

func pods(wl mesh.Workload) string {
	ready := 0
	for _, p := range wl.Live() {
		if p.Ready {
			ready++
		}
	}
	return fmt.Sprintf("%d/%d", ready, wl.Wanted) + beside(wl)
}

// proof says when the workload was proven, and how long after its restart.
func (g Page) proof(wl mesh.Workload) string {
	pass, ok := g.pass(wl)
	switch d, restarted := took(g.World, wl, g.wanted(wl), g.Target.Run, g.Ledger); {
	case ok && restarted:
		return fmt.Sprintf("%s, %s after its restart", pass.At.Format("15:04:05"), format.Duration(d))
	case ok:
		return pass.At.Format("15:04:05")
	case len(wl.Live()) == 0:
		return "nothing to prove"
	case !g.Target.Policy.Passage(wl).Moves(), wl.Stamp.Run != g.Run && !g.open(wl.Key()):
		return "not moved"
	}
	return "not proven"
}

func (g Page) open(key string) bool {
	return slices.ContainsFunc(plan.Flat(g.Left), func(s plan.Step) bool { return s.Subject == key && s.Kind == plan.Prove })
}

// wanted is the revision that a workload ought to have; where the target says
// nothing of it, the one that it has: another wave was put back.
func (g Page) wanted(wl mesh.Workload) string {
	if revision := g.Target.Want(wl); revision != "" {
		return revision
	}
	return strings.Join(wl.Sidecars(), "+")
}

func (g Page) pass(wl mesh.Workload) (plan.Pass, bool) {
	pass, ok := g.Ledger.Passed[plan.ProofKey(g.World, wl, g.wanted(wl))]
	return pass, ok
}

// evidence is what the proof saw, and which types the proxies have acknowledged.
func (g Page) evidence(wl mesh.Workload) string {
	pass, ok := g.pass(wl)
	if way := g.Target.Policy.Passage(wl); !ok && !way.Moves() && len(wl.Live()) > 0 {
		return "not moved: " + way.Why + clears(way)
	}
	if types := g.acknowledged(wl); ok && types != "" {
		return pass.Evidence + "; types acknowledged: " + types
	}
	return pass.Evidence
}

func clears(p plan.Passage) string {
	if p.Clears == "" {
		return ""
	}
	return "; to clear it: " + p.Clears
}

// acknowledged lists the types that were sent to the workload's proxies, and of
// which none is waited for.
func (g Page) acknowledged(wl mesh.Workload) string {
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
