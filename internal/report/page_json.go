// SPDX-License-Identifier: Apache-2.0

package report

import (
	"time"

	"github.com/rerig/rerig/internal/engine"
	"github.com/rerig/rerig/internal/step"
)

// ending is a Page as the last object of a run's events.
type ending struct {
	Kind      string         `json:"kind"` // "page"
	Run       string         `json:"run"`
	Outcome   engine.Outcome `json:"outcome"`
	Began     time.Time      `json:"began"`
	Ended     time.Time      `json:"ended"`
	Hold      *step.Hold     `json:"hold,omitempty"`
	Workloads []moved        `json:"workloads"`
	Gateways  []moved        `json:"gateways"`
	Revisions []Control      `json:"revisions"`

	Staying []string     `json:"staying,omitempty"`    // workloads of a complete run that are not on its revision
	Differs []Difference `json:"notAsFound,omitempty"` // of a run that is rolled back
}

// moved is one workload before and after.
type moved struct {
	Workload string     `json:"workload"`
	Before   string     `json:"before"`
	After    []string   `json:"after"`
	Served   []Wire     `json:"served"`
	Proven   time.Time  `json:"proven,omitzero"`
	Evidence string     `json:"evidence,omitempty"`
	Tried    *step.Pass `json:"tried,omitempty"` // what its trial has shown
}

// Object is the page for programs.
func (g Summary) Object() any {
	e := ending{Kind: "page", Run: g.Run, Outcome: g.Outcome, Began: g.Began, Ended: g.Ended, Hold: g.Ledger.Held,
		Workloads: []moved{}, Gateways: []moved{}, Revisions: InventoryOf(g.World).Revisions}
	ours := map[string]bool{} // not by the target: of a namespace that pods' own labels bind it has no revision
	for _, name := range g.namespaces() {
		ours[name] = true
	}
	for _, wl := range g.World.Workloads {
		before, was := g.Ledger.Baseline.Sidecars[wl.Key()]
		m := moved{Workload: wl.Key(), Before: before, After: orEmpty(wl.Sidecars()), Served: truthsOf(g.World, wl).Connected}
		switch pass, _ := g.pass(wl); {
		case wl.Gateway:
			e.Gateways = append(e.Gateways, m)
		case ours[wl.Namespace] && (was || wl.Injected()):
			m.Proven, m.Evidence = pass.At, pass.Evidence
			if tried, ok := g.Ledger.TrialVerdict(wl); ok {
				m.Tried = &tried
			}
			e.Workloads = append(e.Workloads, m)
		}
	}
	switch g.Outcome {
	case engine.Completed:
		e.Staying = g.staying()
	case engine.RolledBack:
		e.Differs = g.differences()
	}
	return e
}
