// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"maps"
	"time"
)

// Ledger holds the only facts that the cluster cannot be asked for. It is
// written before acting, and it is all that a resumed run needs beside the World.
//
// Passed is kept under Key: what a verdict judged, so that a change of that voids
// it; and under BeforeKey what a try showed before a removal. Soaking has SoakKey
// for a wave, TrialKey for a trial pod. Waiting has "KIND WAVE SUBJECT TO" of the
// step that waits. Restarts and Evictions have a workload's key and the wanted
// revision, with a space between, and Evictions also those of a swap's misled ones
// and of trial pods that ended; Evicting, Swapped, Pinned and Sound a workload's
// key.
type Ledger struct {
	Baseline  Baseline             `json:"baseline"`            // the mesh as it was found
	Waves     [][]string           `json:"waves"`               // the namespaces as they were selected and divided
	Approved  []Step               `json:"approved"`            // the changing steps that somebody agreed to
	Reached   Rank                 `json:"reached"`             // the furthest stage that was begun
	Revert    int                  `json:"revert,omitempty"`    // the wave that failed and is being put back; 0 none
	Install   Installation         `json:"install,omitempty"`   // how far the target's installation is
	Passed    map[string]Pass      `json:"passed,omitempty"`    // verdicts, by what they judged
	Waiting   map[string]time.Time `json:"waiting,omitempty"`   // since when a step is waited for: a proof, room, a control plane, a trial pod, an eviction, a tag, a commit
	Soaking   map[string]time.Time `json:"soaking,omitempty"`   // since when a wave soaks, or a trial pod serves among the others
	Restarts  map[string][]string  `json:"restarts,omitempty"`  // hashes of the templates from which a workload was restarted in its stage
	Evictions map[string][]string  `json:"evictions,omitempty"` // pods of a workload that were evicted in its stage, by the beginnings of their UIDs
	Evicting  map[string]bool      `json:"evicting,omitempty"`  // workloads of which the run has ever evicted a pod: they bear no stamp
	Swapped   map[string]bool      `json:"swapped,omitempty"`   // workloads that were to be moved pod by pod by an earlier approval: they bear no stamp
	Pinned    map[string]bool      `json:"pinned,omitempty"`    // workloads of which an earlier approval was to pin the template without a restart: they bear no stamp
	Sound     map[string]bool      `json:"sound,omitempty"`     // workloads of the soaking wave that were seen sound after its time
	Trusted   []string             `json:"trusted,omitempty"`   // roots (fingerprints) that proxies judged others by before the move, where their own certificates led to another than the mesh's
	Held      *Hold                `json:"held,omitempty"`      // why the run stopped
	Leaving   *Hold                `json:"leaving,omitempty"`   // why it stops, once its trial pods are gone
	Cause     *Hold                `json:"cause,omitempty"`     // why the wave in Revert is being put back
	Turned    bool                 `json:"turned,omitempty"`    // Approved is the way back to the baseline
	Started   time.Time            `json:"started,omitzero"`
	Ended     time.Time            `json:"ended,omitzero"`
}

// Installation tells an installation that was broken off from one that is done.
type Installation string

const (
	Untouched Installation = ""      // the run has installed nothing
	Begun     Installation = "begun" // begun and not known to have ended: it is repeated whole
	Done      Installation = "done"
)

// Pass is a verdict that was given.
type Pass struct {
	At       time.Time `json:"at"`
	Evidence string    `json:"evidence"` // one line: what was seen
}

// Hold says why a run stopped and what it needs.
type Hold struct {
	Reason  string    `json:"reason"`  // one of v1alpha1's reasons
	Subject string    `json:"subject"` // what it stopped at
	Message string    `json:"message"` // what was found
	Hint    string    `json:"hint"`    // what to do
	Wave    int       `json:"wave,omitempty"`
	At      time.Time `json:"at"`
}

// Opened is the ledger of a run that begins: the mesh as it was found, the
// namespaces as they were divided, and what was agreed to.
func Opened(p Plan, at time.Time) Ledger {
	l := Ledger{Baseline: p.Target.Found}
	for _, g := range p.Target.Waves {
		l.Waves = append(l.Waves, g.Namespaces)
	}
	return l.Agreed(p, at)
}

// Agreed is the ledger once somebody has agreed to a plan: what was approved
// before, and what stopped the run then, count no more. Baseline and waves are
// those of the run's first approval.
func (l Ledger) Agreed(p Plan, at time.Time) Ledger {
	l = l.Clone()
	l.noteUnstamped()
	l.Approved, l.Reached, l.Turned = Changing(p.Stages), 0, p.Target.Back
	l.Revert, l.Held, l.Leaving, l.Cause, l.Ended = 0, nil, nil, nil, time.Time{}
	l.Restarts, l.Evictions, l.Waiting, l.Soaking, l.Sound = nil, nil, nil, nil, nil
	voidSwapped(l, p.Stages)
	if l.Started.IsZero() {
		l.Started = at
	}
	return l
}

// Clone returns a deep copy.
func (l Ledger) Clone() Ledger {
	l.Passed, l.Waiting = maps.Clone(l.Passed), maps.Clone(l.Waiting)
	l.Soaking, l.Restarts = maps.Clone(l.Soaking), maps.Clone(l.Restarts)
	l.Sound, l.Evictions, l.Evicting = maps.Clone(l.Sound), maps.Clone(l.Evictions), maps.Clone(l.Evicting)
	l.Swapped, l.Pinned = maps.Clone(l.Swapped), maps.Clone(l.Pinned)
	return l
}
