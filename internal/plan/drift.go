// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
)

// Digest names a set of changes for approval: twelve hexadecimal digits.
func Digest(steps []Step) string {
	// A slice of structs of strings and numbers always encodes.
	b, _ := json.Marshal(steps)
	return fmt.Sprintf("%x", sha256.Sum256(b))[:12]
}

// Drift returns the changes that are left and that nobody approved: new ones,
// ones that start from elsewhere, and ones that were behind the run already and
// came back. Steps that vanished were done by other hands and are no drift.
func Drift(left []Stage, t Target, l Ledger) []Step {
	approved := make(map[Step]bool, len(l.Approved))
	for _, s := range l.Approved {
		approved[s] = true
	}
	var strange []Step
	for _, s := range Changing(left) {
		if s.Kind == Withdraw { // what a run made itself, it may take away at any time
			continue
		}
		if !approved[s] && !covered(s, l.Approved) || t.Rank(s.Wave, s.Kind) < l.Reached && !comesBack(s, t) {
			strange = append(strange, s)
		}
	}
	return strange
}
