// SPDX-License-Identifier: Apache-2.0

package plan

import "github.com/rerig/rerig/internal/mesh"

// Plan is what is shown and approved: the stages that are left, and what
// somebody should know before agreeing to them.
type Plan struct {
	Target Target   `json:"-"`
	Stages []Stage  `json:"stages"`
	Notes  []Note   `json:"notes,omitempty"`
	Ways   []Course `json:"ways,omitempty"` // of every workload: how it is moved, and why so
	Digest string   `json:"digest"`         // of the changing steps
}

// Make plans: the same steps that the engine will take, and the notes on them.
func Make(w mesh.World, t Target, l Ledger) Plan {
	stages := Steps(w, t, l)
	return Plan{Target: t, Stages: stages, Notes: due(Notes(w, t), stages), Ways: Courses(w, t), Digest: Digest(Changing(stages))}
}
