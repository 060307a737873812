// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"slices"

	"github.com/rerig/rerig/internal/step"
)

// ranksPerWave is how many ranks a wave takes, and so do the phases before and after
// the waves.
const ranksPerWave = 8

// RankOf returns the rank of a stage of that kind in that wave. Ranks follow the order
// in which the target moves its waves: on rollback the reverse of their numbers. Wave 0
// stands for the phases before and after the waves.
func RankOf(t step.Target, wave int, kind step.Kind) step.Rank {
	place := byKind[kind].place(t)
	position := slices.IndexFunc(t.Waves, func(w step.Wave) bool { return w.Number == wave }) + 1
	if place.Phase == AfterWaves {
		position = len(t.Waves) + 1
	}
	return step.Rank(position)*ranksPerWave + place.Rank
}

// FollowsWaves reports whether steps of the kind come after the waves.
func FollowsWaves(t step.Target, kind step.Kind) bool {
	return byKind[kind].place(t).Phase == AfterWaves
}
