// SPDX-License-Identifier: Apache-2.0

package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/strategy"
	"github.com/rerig/rerig/internal/report/format"
	"github.com/rerig/rerig/internal/step"
)

// workloads are the sidecars before and now, each with the evidence under it.
func (g Summary) workloads(p format.Style) []string {
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
	return fmt.Sprintf("%d/%d", ready, wl.Replicas) + beside(wl)
}

// proof says when the workload was proven, and how long after its restart.
func (g Summary) proof(wl mesh.Workload) string {
	pass, ok := g.pass(wl)
	switch d, restarted := took(g.World, wl, g.wanted(wl), g.Target.Run, g.Ledger); {
	case ok && restarted:
		return fmt.Sprintf("%s, %s after its restart", pass.At.Format("15:04:05"), format.Duration(d))
	case ok:
		return pass.At.Format("15:04:05")
	case len(wl.Live()) == 0:
		return "nothing to prove"
	case !strategy.Decide(g.Target.Policy, wl).Moves(), wl.RestartAnnotation.Run != g.Run && !g.open(wl.Key()):
		return "not moved"
	}
	return "not proven"
}

func (g Summary) open(key string) bool {
	return slices.ContainsFunc(step.Flat(g.Left), func(s step.Step) bool { return s.Subject == key && s.Kind == step.Verify })
}

// wanted is the revision that a workload ought to have; where the target says
// nothing of it, the one that it has: another wave was put back.
func (g Summary) wanted(wl mesh.Workload) string {
	if revision := g.Target.RevisionOf(wl); revision != "" {
		return revision
	}
	return strings.Join(wl.Sidecars(), "+")
}

func (g Summary) pass(wl mesh.Workload) (step.Pass, bool) {
	pass, ok := g.Ledger.Passed[step.VerifyKey(g.World, wl, g.wanted(wl))]
	return pass, ok
}

// evidence is what the proof saw, and which types the proxies have acknowledged.
func (g Summary) evidence(wl mesh.Workload) string {
	pass, ok := g.pass(wl)
	if way := strategy.Decide(g.Target.Policy, wl); !ok && !way.Moves() && len(wl.Live()) > 0 {
		return "not moved: " + way.Reason + clears(way)
	}
	if types := g.acknowledged(wl); ok && types != "" {
		return pass.Evidence + "; types acknowledged: " + types
	}
	return pass.Evidence
}

func clears(p step.Decision) string {
	if p.Remedy == "" {
		return ""
	}
	return "; to clear it: " + p.Remedy
}

// acknowledged lists the types that were sent to the workload's proxies, and of
// which none is waited for.
func (g Summary) acknowledged(wl mesh.Workload) string {
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
