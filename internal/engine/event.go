// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"time"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/swap"
	"github.com/rerig/rerig/internal/step"
	"github.com/rerig/rerig/internal/verify"
)

// EventKind names what an Event tells.
type EventKind string

const (
	Began       EventKind = "began"    // the run began or goes on: Stages is what is left
	Observed    EventKind = "looked"   // one observation: World and Stages are fresh; for live views
	Acting      EventKind = "acting"   // Step is about to be written
	Acted       EventKind = "acted"    // Step was written
	Waiting     EventKind = "waiting"  // Step waits: Verdict says for what (told when that changes)
	Passed      EventKind = "passed"   // Step was judged and passed: Verdict
	Soaking     EventKind = "soaking"  // Step's wave soaks until Until
	Retrying    EventKind = "troubled" // the cluster could not be read or written: Message; it is tried again
	RollingBack EventKind = "turned"   // the direction changed: Message
	Holding     EventKind = "held"     // the run stopped: Hold
	Finished    EventKind = "finished" // nothing is left
)

// Event is one thing that happened in a run. Kind tells which fields are set.
type Event struct {
	Kind    EventKind       `json:"kind"`
	At      time.Time       `json:"at"`
	Run     string          `json:"run"`
	Step    *step.Step      `json:"step,omitempty"`
	Move    *swap.Action    `json:"move,omitempty"` // of a Step that swaps or retires: the one thing that it does now
	Verdict *verify.Verdict `json:"verdict,omitempty"`
	Hold    *step.Hold      `json:"hold,omitempty"`
	Until   time.Time       `json:"until,omitzero"`
	Message string          `json:"message,omitempty"`

	World  *mesh.World  `json:"-"`
	Target *step.Target `json:"-"`
	Ledger *step.Ledger `json:"-"`
	Stages []step.Stage `json:"-"`
}
