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
		add(g.Number, step.Verify, verifications(w, t, l, g))
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

func verifications(w mesh.World, t step.Target, l step.Ledger, g step.Wave) []step.Step {
	var steps []step.Step
	for _, wl := range WorkloadsToVerify(w, t, l, g) {
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
	var list []mesh.Workload
	for _, name := range g.Namespaces {
		for _, wl := range w.In(name) {
			if t.RevisionOf(wl) == "" {
				continue
			}
			carried := l.Baseline.Sidecars[wl.Key()] != "" && wl.Replicas > 0
			moved := wl.RestartAnnotation.Run == t.Run || toBeEvicted(wl, l) || wl.Swapping() || swap.Approved(wl, l) || slices.ContainsFunc(wl.Sidecars(), func(r string) bool { return r != "" && r != t.RevisionOf(wl) })
			if (strategy.Decide(t.Policy, wl).Moves() || blockedSinceApproval(wl, l)) && (wl.Injected() || carried) && (moved || !t.Rollback) && !wl.Deleted {
				list = append(list, wl)
			}
		}
	}
	return list
}

// blockedSinceApproval reports whether somebody paused a workload, or made it keep its old
// pods, after its restart was agreed to: it has to be proven all the same.
func blockedSinceApproval(wl mesh.Workload, l step.Ledger) bool {
	return (wl.Rollout.Paused || wl.Rollout.OnDelete) && slices.ContainsFunc(l.Approved, func(s step.Step) bool {
		return (s.Kind == step.Restart || s.Kind == step.EvictPods) && s.Subject == wl.Key()
	})
}

// toBeEvicted reports whether the run was to move a workload by eviction, of which no
// stamp tells.
func toBeEvicted(wl mesh.Workload, l step.Ledger) bool {
	return l.EvictedFrom[wl.Key()] || slices.ContainsFunc(l.Approved, func(s step.Step) bool { return s.Kind == step.EvictPods && s.Subject == wl.Key() })
}
