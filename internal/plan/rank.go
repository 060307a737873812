// SPDX-License-Identifier: Apache-2.0

package plan

import "slices"

// Rank orders stages: what is begun never returns to a lower rank undisturbed.
type Rank int

// order is the order of kinds within a wave. A restart, its proof and what
// clears its way share a rank: a pod that was injected too early is simply
// restarted once more.
var order = map[Kind]Rank{Define: 0, Install: 1, Admit: 2, Label: 0, Evict: 1, Restart: 1, Prove: 1, Soak: 2}

// Rank returns the rank of a stage of that kind in that wave. It follows the
// order in which the target moves its waves, which on the way back is the
// reverse of their numbers.
func (t Target) Rank(wave int, kind Kind) Rank {
	position := slices.IndexFunc(t.Waves, func(g Group) bool { return g.Wave == wave }) + 1
	return Rank(position)*3 + order[kind]
}
