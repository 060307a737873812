// SPDX-License-Identifier: Apache-2.0

package plan

// Rank orders stages: what is begun never returns to a lower rank undisturbed.
type Rank int

// order is the order of kinds within a wave. A restart and its proof share a
// rank: a pod that was injected too early is simply restarted once more.
var order = map[Kind]Rank{Define: 0, Install: 1, Admit: 2, Label: 0, Restart: 1, Prove: 1, Soak: 2}

// RankOf returns the rank of a stage of that kind in that wave.
func RankOf(wave int, kind Kind) Rank { return Rank(wave)*3 + order[kind] }
