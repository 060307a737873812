// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"slices"

	"github.com/rerig/rerig/internal/step"
)

// order is the order of kinds within what precedes the waves, within a wave, and
// within what follows them. What moves a workload, its proof and what clears its
// way share a rank: a pod that was injected too early is simply moved once more.
// So do a trial and the label that follows it: a template that changes in between
// is tried anew.
var order = map[step.Kind]step.Rank{
	step.Define: 0, step.DeleteTrial: 0, step.Install: 1, step.Validate: 2, step.Pin: 3,
	step.Trial: 1, step.Label: 1, step.LabelTemplate: 2, step.EvictStuckPod: 2, step.Restart: 2, step.EvictPods: 2, step.Swap: 2, step.Verify: 2, step.Soak: 3, step.DeleteParked: 4,
	step.Tag: 4, step.RestoreLabel: 5, step.Remove: 6, step.DryRun: 7,
}

// span is how many ranks a wave takes, and what precedes or follows the waves.
const span = 8

// RankOf returns the rank of a stage of that kind in that wave. It follows the
// order in which the target moves its waves, which on the way back is the
// reverse of their numbers. Wave 0 precedes the waves; what it holds of tags and
// of removals follows them on the way forth.
func RankOf(t step.Target, wave int, kind step.Kind) step.Rank {
	position := slices.IndexFunc(t.Waves, func(g step.Wave) bool { return g.Number == wave }) + 1
	if kind == step.DeleteParked && t.Rollback {
		position = len(t.Waves) + 1 // nothing waits for pods that grow quiet
	}
	if wave == 0 && order[kind] > order[step.Pin] && !t.Rollback {
		position = len(t.Waves) + 1
	}
	return step.Rank(position)*span + order[kind]
}
