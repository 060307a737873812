// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"time"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/verify"
)

// EventKind names what an Event tells.
type EventKind string

const (
	Began    EventKind = "began"    // the run began or goes on: Stages is what is left
	Looked   EventKind = "looked"   // one observation: World and Stages are fresh; for live views
	Acting   EventKind = "acting"   // Step is about to be written
	Acted    EventKind = "acted"    // Step was written
	Waiting  EventKind = "waiting"  // Step waits: Verdict says for what (told when that changes)
	Passed   EventKind = "passed"   // Step was judged and passed: Verdict
	Soaking  EventKind = "soaking"  // Step's wave soaks until Until
	Troubled EventKind = "troubled" // the cluster could not be read or written: Message; it is tried again
	Turned   EventKind = "turned"   // the direction changed: Message
	Holding  EventKind = "held"     // the run stopped: Hold
	Finished EventKind = "finished" // nothing is left
)

// Event is one thing that happened in a run. Kind tells which fields are set.
type Event struct {
	Kind    EventKind       `json:"kind"`
	At      time.Time       `json:"at"`
	Run     string          `json:"run"`
	Step    *plan.Step      `json:"step,omitempty"`
	Move    *plan.Move      `json:"move,omitempty"` // of a Step that swaps or retires: the one thing that it does now
	Verdict *verify.Verdict `json:"verdict,omitempty"`
	Hold    *plan.Hold      `json:"hold,omitempty"`
	Until   time.Time       `json:"until,omitzero"`
	Message string          `json:"message,omitempty"`

	World  *mesh.World  `json:"-"`
	Target *plan.Target `json:"-"`
	Ledger *plan.Ledger `json:"-"`
	Stages []plan.Stage `json:"-"`
}
