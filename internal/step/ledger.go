// SPDX-License-Identifier: Apache-2.0

package step

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
	Baseline         Baseline             `json:"baseline"`            // the mesh as it was found
	Waves            [][]string           `json:"waves"`               // the namespaces as they were selected and divided
	Approved         []Step               `json:"approved"`            // the changing steps that somebody agreed to
	Reached          Rank                 `json:"reached"`             // the furthest stage that was begun
	Revert           int                  `json:"revert,omitempty"`    // the wave that failed and is being put back; 0 none
	Installation     Installation         `json:"install,omitempty"`   // how far the target's installation is
	Passed           map[string]Pass      `json:"passed,omitempty"`    // verdicts, by what they judged
	Waiting          map[string]time.Time `json:"waiting,omitempty"`   // since when a step is waited for: a proof, room, a control plane, a trial pod, an eviction, a tag, a commit
	Soaking          map[string]time.Time `json:"soaking,omitempty"`   // since when a wave soaks, or a trial pod serves among the others
	Restarts         map[string][]string  `json:"restarts,omitempty"`  // hashes of the templates from which a workload was restarted in its stage
	Evictions        map[string][]string  `json:"evictions,omitempty"` // pods of a workload that were evicted in its stage, by the beginnings of their UIDs
	EvictedFrom      map[string]bool      `json:"evicting,omitempty"`  // workloads of which the run has ever evicted a pod: they bear no stamp
	SwapApproved     map[string]bool      `json:"swapped,omitempty"`   // workloads that were to be moved pod by pod by an earlier approval: they bear no stamp
	TemplateLabelled map[string]bool      `json:"pinned,omitempty"`    // workloads of which an earlier approval was to pin the template without a restart: they bear no stamp
	SoakedHealthy    map[string]bool      `json:"sound,omitempty"`     // workloads of the soaking wave that were seen sound after its time
	TrustedRoots     []string             `json:"trusted,omitempty"`   // roots (fingerprints) that proxies judged others by before the move, where their own certificates led to another than the mesh's
	Held             *Hold                `json:"held,omitempty"`      // why the run stopped
	Stopping         *Hold                `json:"leaving,omitempty"`   // why it stops, once its trial pods are gone
	RevertCause      *Hold                `json:"cause,omitempty"`     // why the wave in Revert is being put back
	RollbackApproved bool                 `json:"turned,omitempty"`    // Approved is the way back to the baseline
	Started          time.Time            `json:"started,omitzero"`
	Ended            time.Time            `json:"ended,omitzero"`
}

// Installation tells an installation that was broken off from one that is done.
type Installation string

const (
	NotInstalled Installation = ""      // the run has installed nothing
	Installing   Installation = "begun" // begun and not known to have ended: it is repeated whole
	Installed    Installation = "done"
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

// Clone returns a deep copy.
func (l Ledger) Clone() Ledger {
	l.Passed, l.Waiting = maps.Clone(l.Passed), maps.Clone(l.Waiting)
	l.Soaking, l.Restarts = maps.Clone(l.Soaking), maps.Clone(l.Restarts)
	l.SoakedHealthy, l.Evictions, l.EvictedFrom = maps.Clone(l.SoakedHealthy), maps.Clone(l.Evictions), maps.Clone(l.EvictedFrom)
	l.SwapApproved, l.TemplateLabelled = maps.Clone(l.SwapApproved), maps.Clone(l.TemplateLabelled)
	return l
}

// MaxAttempts is how often a workload is restarted in its stage: a second time
// when a pod was injected before the API server's webhooks saw the new label.
// It bounds two things more: of a workload that is moved by eviction, how many
// pods are evicted for each that it wants; and of a swapped one, how many pods
// stand outside of its ReplicaSet because what took their place was of the wrong
// revision, or a stand-in that a crash left.
const MaxAttempts = 2
