// SPDX-License-Identifier: Apache-2.0

package plan

import "slices"

// Rank orders stages: what is begun never returns to a lower rank undisturbed.
type Rank int

// order is the order of kinds within what precedes the waves, within a wave, and
// within what follows them. What moves a workload, its proof and what clears its
// way share a rank: a pod that was injected too early is simply moved once more.
// So do a trial and the label that follows it: a template that changes in between
// is tried anew.
var order = map[Kind]Rank{
	Define: 0, Withdraw: 0, Install: 1, Admit: 2, Pin: 3,
	Trial: 1, Label: 1, Preset: 2, Evict: 2, Restart: 2, Replace: 2, Swap: 2, Prove: 2, Soak: 3, Retire: 4,
	Tag: 4, Unpin: 5, Remove: 6, Try: 7,
}

// span is how many ranks a wave takes, and what precedes or follows the waves.
const span = 8

// Rank returns the rank of a stage of that kind in that wave. It follows the
// order in which the target moves its waves, which on the way back is the
// reverse of their numbers. Wave 0 precedes the waves; what it holds of tags and
// of removals follows them on the way forth.
func (t Target) Rank(wave int, kind Kind) Rank {
	position := slices.IndexFunc(t.Waves, func(g Group) bool { return g.Wave == wave }) + 1
	if kind == Retire && t.Back {
		position = len(t.Waves) + 1 // nothing waits for pods that grow quiet
	}
	if wave == 0 && order[kind] > order[Pin] && !t.Back {
		position = len(t.Waves) + 1
	}
	return Rank(position)*span + order[kind]
}
