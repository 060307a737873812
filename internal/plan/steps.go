// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"slices"
	"strings"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/binding"
	"github.com/rerig/rerig/internal/plan/removal"
	"github.com/rerig/rerig/internal/plan/strategy"
	"github.com/rerig/rerig/internal/plan/swap"
	"github.com/rerig/rerig/internal/plan/trial"
	"github.com/rerig/rerig/internal/step"
)

// Steps returns what is left to do, in stages; none means done. It is computed
// anew from what is there, so that a crash at any point is the same as no crash.
func Steps(w mesh.World, t step.Target, l step.Ledger) []step.Stage {
	decide := func(wl mesh.Workload) step.Decision { return strategy.Decide(t.Policy, wl) }
	approved := approvedMoves(l)
	var stages []step.Stage
	add := func(wave int, kind step.Kind, steps []step.Step) {
		if len(steps) > 0 {
			stages = append(stages, step.Stage{Wave: wave, Kind: kind, Steps: steps})
		}
	}
	add(0, step.Define, defines(w))
	add(0, step.DeleteTrial, trial.DeleteSteps(w, t, l))
	add(0, step.Install, installs(w, t, l))
	add(0, step.Validate, validations(w, t, l))
	if t.Rollback {
		add(0, step.Pin, binding.PinSteps(w, t))
		add(0, step.Tag, binding.TagSteps(w, t))
	}
	for _, g := range t.Waves {
		add(g.Number, step.Trial, trial.Steps(w, t, l, g))
		add(g.Number, step.Label, binding.LabelSteps(w, t, g))
		add(g.Number, step.LabelTemplate, strategy.LabelTemplateSteps(w, t, g))
		add(g.Number, step.EvictStuckPod, strategy.EvictStuckSteps(w, t, g))
		add(g.Number, step.Restart, strategy.RestartSteps(w, t, l, g))
		add(g.Number, step.EvictPods, strategy.EvictSteps(w, t, l, g))
		add(g.Number, step.Swap, swap.Steps(w, t, g, decide))
		add(g.Number, step.Verify, verifications(w, t, l, approved, g))
		add(g.Number, step.Soak, soaks(t, l, g))
		if !t.Rollback {
			add(g.Number, step.DeleteParked, swap.DeleteParkedSteps(w, t, g, decide))
		}
	}
	for _, g := range t.Waves {
		if t.Rollback {
			add(g.Number, step.DeleteParked, swap.DeleteParkedSteps(w, t, g, decide))
		}
	}
	if !t.Rollback {
		add(0, step.Tag, binding.TagSteps(w, t))
		add(0, step.RestoreLabel, binding.RestoreLabelSteps(w, t))
	}
	add(0, step.Remove, removal.Steps(w, t))
	add(0, step.DryRun, removal.DryRunSteps(w, t, l))
	return stages
}

func defines(w mesh.World) []step.Step {
	if w.CRDInstalled {
		return nil
	}
	return []step.Step{{Kind: step.Define, Subject: step.CRDName}}
}

// installs is needed when the revision is not there, and when this run began to
// install it and is not known to have ended: then the whole is repeated. On the
// way back it is what was taken away that is needed.
func installs(w mesh.World, t step.Target, l step.Ledger) []step.Step {
	if t.Rollback {
		return removal.RestoreSteps(w, t)
	}
	_, there := w.Revision(t.Revision)
	if there && l.Installation != step.Installing {
		return nil
	}
	return []step.Step{{Kind: step.Install, Subject: t.Revision, To: t.Version}}
}

func validations(w mesh.World, t step.Target, l step.Ledger) []step.Step {
	var steps []step.Step
	for _, name := range t.ControlPlanes() {
		if _, ok := l.Passed[step.ValidateKey(w, name)]; !ok {
			steps = append(steps, step.Step{Kind: step.Validate, Subject: name})
		}
	}
	return steps
}

func verifications(w mesh.World, t step.Target, l step.Ledger, approved moves, g step.Wave) []step.Step {
	var steps []step.Step
	for _, wl := range workloadsToVerify(w, t, l, approved, g) {
		want := t.RevisionOf(wl)
		if _, ok := l.Passed[step.VerifyKey(w, wl, want)]; !ok {
			steps = append(steps, step.Step{Kind: step.Verify, Wave: g.Number, Subject: wl.Key(), To: want})
		}
	}
	return steps
}

func soaks(t step.Target, l step.Ledger, g step.Wave) []step.Step {
	if t.Soak == 0 {
		return nil
	}
	if _, ok := l.Passed[step.SoakKey(g.Number, t.Revision)]; ok {
		return nil
	}
	return []step.Step{{Kind: step.Soak, Wave: g.Number, Subject: strings.Join(g.Namespaces, ", "), To: t.Soak.String()}}
}

// WorkloadsToVerify returns the workloads of a wave that have to be proven: those that a
// restart moves and that carry a sidecar, or carried one when the run began and
// ought to have pods now. On the way back those that the run never touched are
// left alone.
func WorkloadsToVerify(w mesh.World, t step.Target, l step.Ledger, g step.Wave) []mesh.Workload {
	return workloadsToVerify(w, t, l, approvedMoves(l), g)
}

func workloadsToVerify(w mesh.World, t step.Target, l step.Ledger, approved moves, g step.Wave) []mesh.Workload {
	var list []mesh.Workload
	for _, name := range g.Namespaces {
		for _, wl := range w.In(name) {
			want, key := t.RevisionOf(wl), wl.Key()
			if want == "" || wl.Deleted {
				continue
			}
			inherited := l.Baseline.Sidecars[key] != "" && wl.Replicas > 0
			moved := wl.RestartAnnotation.Run == t.Run || l.EvictedFrom[key] || approved.has(key, step.EvictPods, step.Swap) || wl.Swapping() ||
				slices.ContainsFunc(wl.Sidecars(), func(r string) bool { return r != "" && r != want })
			if (wl.Injected() || inherited) && (moved || !t.Rollback) && (strategy.Decide(t.Policy, wl).Moves() || blockedSinceApproval(wl, approved)) {
				list = append(list, wl)
			}
		}
	}
	return list
}

// moves are steps that move workloads, found by workload and kind.
type moves map[move]bool

type move struct {
	workload string
	kind     step.Kind
}

// approvedMoves indexes the approved steps that move workloads. A search through all
// of them for each workload would cost the square of the mesh's size.
func approvedMoves(l step.Ledger) moves {
	m := make(moves, len(l.Approved))
	for _, s := range l.Approved {
		if s.Kind == step.Restart || s.Kind == step.EvictPods || s.Kind == step.Swap {
			m[move{s.Subject, s.Kind}] = true
		}
	}
	return m
}

func (m moves) has(workload string, kinds ...step.Kind) bool {
	return slices.ContainsFunc(kinds, func(k step.Kind) bool { return m[move{workload, k}] })
}

// blockedSinceApproval reports whether a workload was paused, or made to keep its old
// pods, after its move was approved: it has to be verified all the same.
func blockedSinceApproval(wl mesh.Workload, approved moves) bool {
	return (wl.Rollout.Paused || wl.Rollout.OnDelete) && approved.has(wl.Key(), step.Restart, step.EvictPods)
}
