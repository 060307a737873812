// SPDX-License-Identifier: Apache-2.0

package mesh

import "time"

// HeldRollout is what a run has recorded on a Deployment whose rollout it holds: pods of a
// new template come up beside the old ones, and none of these ends. The zero HeldRollout
// means that no run holds it.
type HeldRollout struct {
	Run    string          // the run that holds it
	At     time.Time       // since when
	Before RolloutSettings // what is restored at the end
}

// Holds reports whether a run holds the rollout.
func (h HeldRollout) Holds() bool { return h.Run != "" }

// RolloutSettings are the fields of a Deployment that say how a new template replaces
// pods.
type RolloutSettings struct {
	MaxSurge                string `json:"maxSurge,omitempty"`       // a number or a percentage, "" when not set
	MaxUnavailable          string `json:"maxUnavailable,omitempty"` // the same
	MinReadySeconds         int    `json:"minReadySeconds,omitempty"`
	ProgressDeadlineSeconds int    `json:"progressDeadlineSeconds,omitempty"` // 0 when not set
}
