// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"

	"github.com/rerig/rerig/internal/step"
)

// Digest names a set of changes for approval: twelve hexadecimal digits.
func Digest(steps []step.Step) string {
	// A slice of structs of strings and numbers always encodes.
	b, _ := json.Marshal(steps)
	return fmt.Sprintf("%x", sha256.Sum256(b))[:12]
}

// Drift returns the changes that are left and that nobody approved: new ones,
// ones that start from elsewhere, and ones that were behind the run already and
// came back. Steps that vanished were done by other hands and are no drift.
func Drift(left []step.Stage, t step.Target, l step.Ledger) []step.Step {
	approved := make(map[step.Step]bool, len(l.Approved))
	for _, s := range l.Approved {
		approved[s] = true
	}
	var strange []step.Step
	for _, s := range step.Changing(left) {
		if s.Kind == step.DeleteTrial { // what a run made itself, it may take away at any time
			continue
		}
		if !approved[s] && !isCovered(s, l.Approved) || RankOf(t, s.Wave, s.Kind) < l.Reached && !mayReturn(s, t) {
			strange = append(strange, s)
		}
	}
	return strange
}
