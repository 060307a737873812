// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"time"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/swap"
	"github.com/rerig/rerig/internal/step"
	"github.com/rerig/rerig/internal/verify"
)

// EventKind is the kind of an Event.
type EventKind string

const (
	Began       EventKind = "began"        // the run began or continues; Stages is what is left
	Observed    EventKind = "observed"     // the mesh was observed; World and Stages are new
	Acting      EventKind = "acting"       // Step is about to be written
	Acted       EventKind = "acted"        // Step was written
	Waiting     EventKind = "waiting"      // Step waits; Verdict has the reason
	Passed      EventKind = "passed"       // the checks of Step passed with Verdict
	Soaking     EventKind = "soaking"      // the wave of Step soaks until Until
	Retrying    EventKind = "retrying"     // the cluster could not be read or written; Message has the error
	RollingBack EventKind = "rolling-back" // the run turned towards the baseline; Message has the reason
	Holding     EventKind = "held"         // the run stopped with Hold
	Finished    EventKind = "finished"     // nothing is left
)

// Event is one thing that happened in a run. Its Kind determines which fields are
// set. World, Target, Ledger and Stages are set in all events but Retrying, and
// must not be changed. Ledger is as it was recorded last.
type Event struct {
	Kind    EventKind       `json:"kind"`
	At      time.Time       `json:"at"`
	Run     string          `json:"run"`
	Step    *step.Step      `json:"step,omitempty"`
	Move    *swap.Action    `json:"move,omitempty"` // of a Step that swaps or deletes parked pods: what it does now
	Verdict *verify.Verdict `json:"verdict,omitempty"`
	Hold    *step.Hold      `json:"hold,omitempty"`
	Until   time.Time       `json:"until,omitzero"`
	Message string          `json:"message,omitempty"`

	World  *mesh.World  `json:"-"`
	Target *step.Target `json:"-"`
	Ledger *step.Ledger `json:"-"`
	Stages []step.Stage `json:"-"`
}
