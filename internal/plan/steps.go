// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"slices"
	"time"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// Steps returns what is left to do, in stages; none means done. It depends on nothing
// but its arguments: after a crash at any point it returns the same as without one.
func Steps(w mesh.World, t step.Target, l step.Ledger) []step.Stage {
	v := newView(w, t, l)
	var stages []step.Stage
	stages = v.phase(stages, BeforeWaves, step.Wave{})
	for _, wave := range t.Waves {
		stages = v.phase(stages, InWave, wave)
	}
	return v.phase(stages, AfterWaves, step.Wave{})
}

// phase appends the stages of one phase, or of one wave of it.
func (v View) phase(stages []step.Stage, phase Phase, wave step.Wave) []step.Stage {
	for _, d := range definitions {
		if d.place(v.Target).Phase != phase {
			continue
		}
		waves := []step.Wave{wave}
		if d.PerWave && phase != InWave {
			waves = v.Target.Waves
		}
		for _, wave := range waves {
			if steps := d.Left(v, wave); len(steps) > 0 {
				stages = append(stages, step.Stage{Wave: wave.Number, Kind: d.Kind, Steps: steps})
			}
		}
	}
	return stages
}

// Render returns the writes that carry out a step, in order. at is the time in a
// restart annotation. It depends on nothing but its arguments, and fails for a step
// without writes of its own (a check; a swap and its cleanup, which package swap
// renders action by action; a removal that is left to another tool), and for one whose
// Subject, From or To do not fit its kind. Neither changes by waiting.
func Render(s step.Step, t step.Target, at time.Time) ([]step.Change, error) {
	d, ok := byKind[s.Kind]
	if !ok || d.Render == nil {
		return nil, step.NewFault(s, "a step of this kind has no writes of its own")
	}
	return d.Render(s, t, at)
}

// VerdictKey returns the key under which a checking step's verdict is recorded.
func VerdictKey(w mesh.World, s step.Step, t step.Target) step.VerdictKey {
	d, ok := byKind[s.Kind]
	if !ok || d.Verdict == nil {
		return step.VerdictKey{Kind: s.Kind}
	}
	return d.Verdict(View{World: w, Target: t}, s)
}

// Simulate predicts the World and the Ledger once a step has been carried out and has
// completed.
func Simulate(w mesh.World, t step.Target, l step.Ledger, s step.Step, at time.Time) (mesh.World, step.Ledger) {
	w, l = cloneWorld(w), l.Clone()
	if d := byKind[s.Kind]; d.Simulate != nil {
		d.Simulate(&w, &l, t, s, at)
		return w, l
	}
	if l.Passed == nil {
		l.Passed = map[step.VerdictKey]step.Pass{}
	}
	l.Passed[VerdictKey(w, s, t)] = step.Pass{At: at}
	return w, l
}

// ranksPerWave is how many ranks a wave takes, and so do the phases before and after
// the waves.
const ranksPerWave = 8

// RankOf returns the rank of a stage of that kind in that wave. Ranks follow the order
// in which the target moves its waves: on rollback the reverse of their numbers. Wave 0
// stands for the phases before and after the waves.
func RankOf(t step.Target, wave int, kind step.Kind) step.Rank {
	place := byKind[kind].place(t)
	position := slices.IndexFunc(t.Waves, func(w step.Wave) bool { return w.Number == wave }) + 1
	switch place.Phase {
	case BeforeWaves:
		position = 0
	case AfterWaves:
		position = len(t.Waves) + 1
	}
	return step.Rank(position)*ranksPerWave + place.Rank
}

// FollowsWaves reports whether steps of the kind come after the waves.
func FollowsWaves(t step.Target, kind step.Kind) bool {
	return byKind[kind].place(t).Phase == AfterWaves
}
