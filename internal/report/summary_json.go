// SPDX-License-Identifier: Apache-2.0

package report

import (
	"time"

	"github.com/rerig/rerig/internal/engine"
	"github.com/rerig/rerig/internal/plan/advice"
	"github.com/rerig/rerig/internal/plan/parity"
	"github.com/rerig/rerig/internal/step"
)

// summaryObject is a Summary as the last object of a run's events.
type summaryObject struct {
	Kind      string         `json:"kind"` // "summary"
	Run       string         `json:"run"`
	Outcome   engine.Outcome `json:"outcome"`
	Began     time.Time      `json:"began"`
	Ended     time.Time      `json:"ended"`
	Hold      *step.Hold     `json:"hold,omitempty"`
	Workloads []moveObject   `json:"workloads"`
	Gateways  []moveObject   `json:"gateways"`
	Revisions []ControlPlane `json:"revisions"`

	Spans       []parity.Span `json:"versionGaps,omitempty"` // hops on which versions differ, or did meanwhile
	Notes       []step.Note   `json:"notes,omitempty"`       // what remains to be done, as in the plan
	Staying     []string      `json:"staying,omitempty"`     // workloads of a complete run with pods on another revision
	Differences []Difference  `json:"differences,omitempty"` // of a run that is rolled back
}

// moveObject is one workload before and after the run.
type moveObject struct {
	Workload    string       `json:"workload"`
	Before      string       `json:"before"`
	After       []string     `json:"after"`
	Connections []Connection `json:"connections"`
	Verified    time.Time    `json:"verified,omitzero"`
	Evidence    string       `json:"evidence,omitempty"`
	Trial       *step.Pass   `json:"trial,omitempty"` // what its trial showed
}

// Object returns the summary for -o json.
func (g Summary) Object() any {
	o := summaryObject{
		Kind: "summary", Run: g.Run, Outcome: g.Outcome, Began: g.Began, Ended: g.Ended, Hold: g.Ledger.Held,
		Workloads: []moveObject{}, Gateways: []moveObject{}, Revisions: orEmpty(controlPlanes(g.World)),
		Spans: g.spans(), Notes: advice.ContestedGateways(g.World, g.Target),
	}
	ours := map[string]bool{} // the target has no revision for namespaces that are bound by labels of their pods
	for _, name := range g.namespaces() {
		ours[name] = true
	}
	for _, wl := range g.World.Workloads {
		before, was := g.Ledger.Baseline.Sidecars[wl.Ref()]
		m := moveObject{Workload: string(wl.Ref()), Before: before, After: orEmpty(wl.Sidecars()), Connections: connectionsOf(g.World, wl)}
		switch pass, _ := g.pass(wl); {
		case wl.Gateway:
			m.Verified, m.Evidence = pass.At, pass.Evidence
			o.Gateways = append(o.Gateways, m)
		case ours[wl.Namespace] && (was || wl.Injected()):
			m.Verified, m.Evidence = pass.At, pass.Evidence
			if trial, ok := g.Ledger.TrialVerdict(wl); ok {
				m.Trial = &trial
			}
			o.Workloads = append(o.Workloads, m)
		}
	}
	switch g.Outcome {
	case engine.Completed:
		o.Staying = g.staying()
	case engine.RolledBack:
		o.Differences = g.differences()
	}
	return o
}
