// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"time"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/binding"
	"github.com/rerig/rerig/internal/plan/gateway"
	"github.com/rerig/rerig/internal/plan/removal"
	"github.com/rerig/rerig/internal/plan/strategy"
	"github.com/rerig/rerig/internal/plan/swap"
	"github.com/rerig/rerig/internal/plan/trial"
	"github.com/rerig/rerig/internal/step"
)

// View is what the planner looks at: one observation, the target, and the record.
type View struct {
	World  mesh.World
	Target step.Target
	Ledger step.Ledger

	approved approvals // of Ledger.Approved
}

func newView(w mesh.World, t step.Target, l step.Ledger) View {
	return View{World: w, Target: t, Ledger: l, approved: approvalsOf(l)}
}

// decide returns how a workload is moved.
func (v View) decide(wl mesh.Workload) step.Decision { return strategy.Decide(v.Target.Policy, wl) }

// Phase is where in a run the steps of a kind are.
type Phase string

// The phases of a run.
const (
	Never       Phase = ""             // not in this direction
	BeforeWaves Phase = "before waves" // once
	InWave      Phase = "in wave"      // in each wave
	AfterWaves  Phase = "after waves"  // once, or for each wave after the last one (Definition.PerWave)
)

// Place is where the steps of a kind are in one direction. Within a phase, stages of a
// lower rank come first; kinds that share a rank may alternate without being drift.
type Place struct {
	Phase Phase
	Rank  step.Rank
}

// Definition is a kind of step: everything that the planner needs to know about it.
// The order of the definitions is the order of the stages within a phase.
type Definition struct {
	Kind    step.Kind
	Forward Place // in an upgrade
	Back    Place // in a rollback
	PerWave bool  // Left is asked for each wave, also in AfterWaves

	// Left returns what is still to do. The wave is the zero Wave where the kind is not
	// PerWave.
	Left func(View, step.Wave) []step.Step

	// Render returns the writes that carry a step out, in order; nil for a kind that
	// has none of its own: it only checks, or its handler renders action by action.
	Render func(s step.Step, t step.Target, at time.Time) ([]step.Change, error)

	// Simulate predicts the World and the Ledger once a step has completed; nil for a
	// kind whose steps end with a verdict.
	Simulate func(w *mesh.World, l *step.Ledger, t step.Target, s step.Step, at time.Time)

	// Verdict returns the key under which a step's verdict is recorded; nil for a kind
	// whose completion shows in the World.
	Verdict func(View, step.Step) step.VerdictKey

	// Covers reports whether whoever approved the first step approved the second one,
	// which differs from it; nil: nobody did.
	Covers func(approved, now step.Step) bool

	// Unapproved steps only end what the run itself created. They need no approval.
	Unapproved bool

	// MayReturn: on rollback such a step may be left again behind the run.
	MayReturn bool
}

// definitions is the table of step kinds.
var definitions = []Definition{
	{
		Kind: step.Define, Forward: Place{BeforeWaves, 0}, Back: Place{BeforeWaves, 0},
		Left: defines, Render: renderCRD,
		Simulate: func(w *mesh.World, _ *step.Ledger, _ step.Target, _ step.Step, _ time.Time) { w.CRDInstalled = true },
	},
	{
		Kind: step.DeleteTrial, Forward: Place{BeforeWaves, 0}, Back: Place{BeforeWaves, 0}, Unapproved: true,
		Left:     func(v View, _ step.Wave) []step.Step { return trial.DeleteSteps(v.World, v.Target, v.Ledger) },
		Render:   rendered(trial.RenderDelete),
		Simulate: simulated(trial.SimulateDelete),
	},
	{
		Kind: step.Install, Forward: Place{BeforeWaves, 1}, Back: Place{BeforeWaves, 1},
		Left: installs, Render: renderInstall, Simulate: simulateInstall, Covers: installCovered,
	},
	{
		Kind: step.Validate, Forward: Place{BeforeWaves, 2}, Back: Place{BeforeWaves, 2},
		Left:    validations,
		Verdict: func(v View, s step.Step) step.VerdictKey { return step.ValidateKey(v.World, string(s.Subject)) },
	},
	// On rollback gateways are frozen before a tag moves, which would move them.
	{
		Kind: step.FreezeGateway, Forward: Place{InWave, 1}, Back: Place{BeforeWaves, 3}, PerWave: true,
		Left: func(v View, wave step.Wave) []step.Step {
			return gateway.FreezeSteps(v.World, v.Target, wave, v.decide)
		},
		Render:   ofRun(gateway.RenderFreeze),
		Simulate: ofTarget(gateway.SimulateFreeze),
	},
	{
		Kind: step.Pin, Back: Place{BeforeWaves, 3},
		Left:     func(v View, _ step.Wave) []step.Step { return binding.PinSteps(v.World, v.Target) },
		Render:   rendered(binding.RenderLabels),
		Simulate: simulated(binding.SimulateLabels),
	},
	// A trial and the label that follows it share a rank: a template that changes in
	// between needs another trial.
	{
		Kind: step.Trial, Forward: Place{InWave, 1}, Back: Place{InWave, 1}, PerWave: true,
		Left:   func(v View, wave step.Wave) []step.Step { return trial.Steps(v.World, v.Target, v.Ledger, wave) },
		Render: renderTrial,
		Verdict: func(v View, s step.Step) step.VerdictKey {
			wl, _ := v.World.Workload(s.Workload())
			return step.TrialKey(v.World, wl, s.To, step.TrialMode(s.From))
		},
	},
	{
		Kind: step.Label, Forward: Place{InWave, 1}, Back: Place{InWave, 1}, PerWave: true,
		Left:     func(v View, wave step.Wave) []step.Step { return binding.LabelSteps(v.World, v.Target, wave) },
		Render:   rendered(binding.RenderLabels),
		Simulate: simulated(binding.SimulateLabels),
	},
	// What moves a workload, its verification and what frees capacity for it share a rank:
	// a pod that was injected too early is moved once more.
	{
		Kind: step.LabelTemplate, Forward: Place{InWave, 2}, Back: Place{InWave, 2}, PerWave: true,
		Left:     func(v View, wave step.Wave) []step.Step { return strategy.LabelTemplateSteps(v.World, v.Target, wave) },
		Render:   rendered(binding.RenderTemplateLabel),
		Simulate: simulated(binding.SimulateTemplateLabel),
		Covers:   templateLabelCovered,
	},
	{
		Kind: step.EvictStuckPod, Forward: Place{InWave, 2}, Back: Place{InWave, 2}, PerWave: true,
		Left:     func(v View, wave step.Wave) []step.Step { return strategy.EvictStuckSteps(v.World, v.Target, wave) },
		Render:   rendered(strategy.RenderEvictStuck),
		Simulate: simulated(strategy.SimulateEvictStuck),
		Covers:   evictionCovered,
	},
	{
		Kind: step.Restart, Forward: Place{InWave, 2}, Back: Place{InWave, 2}, PerWave: true,
		Left: func(v View, wave step.Wave) []step.Step {
			return strategy.RestartSteps(v.World, v.Target, v.Ledger, wave)
		},
		Render: renderRestart,
		Simulate: func(w *mesh.World, _ *step.Ledger, t step.Target, s step.Step, at time.Time) {
			strategy.SimulateRestart(w, t, s, at)
		},
		Covers: restartCovered,
	},
	{
		Kind: step.EvictPods, Forward: Place{InWave, 2}, Back: Place{InWave, 2}, PerWave: true,
		Left: func(v View, wave step.Wave) []step.Step {
			return strategy.EvictSteps(v.World, v.Target, v.Ledger, wave)
		},
		Render: rendered(binding.RenderTemplateLabel), // the label; the pods are evicted one at a time
		Simulate: func(w *mesh.World, l *step.Ledger, _ step.Target, s step.Step, _ time.Time) {
			strategy.SimulateEvict(w, s)
			l.NoteEvictedFrom(s.Workload())
		},
		Covers: restartCovered,
	},
	{
		Kind: step.Swap, Forward: Place{InWave, 2}, Back: Place{InWave, 2}, PerWave: true, MayReturn: true,
		Left: func(v View, wave step.Wave) []step.Step { return swap.Steps(v.World, v.Target, wave, v.decide) },
		Simulate: func(w *mesh.World, _ *step.Ledger, t step.Target, s step.Step, at time.Time) {
			swap.Simulate(w, t, s, at)
		},
		Covers: swapCovered,
	},
	{
		Kind: step.Verify, Forward: Place{InWave, 2}, Back: Place{InWave, 2}, PerWave: true,
		Left: verifications,
		Verdict: func(v View, s step.Step) step.VerdictKey {
			wl, _ := v.World.Workload(s.Workload())
			return step.VerifyKey(v.World, wl, s.To)
		},
	},
	{
		Kind: step.Soak, Forward: Place{InWave, 3}, Back: Place{InWave, 3}, PerWave: true,
		Left:    soaks,
		Verdict: func(v View, s step.Step) step.VerdictKey { return step.SoakKey(s.Wave, v.Target.Revision) },
	},
	// On rollback nothing waits for parked pods to become idle: they come last.
	{
		Kind: step.DeleteParked, Forward: Place{InWave, 4}, Back: Place{AfterWaves, 4}, PerWave: true,
		Left: func(v View, wave step.Wave) []step.Step {
			return swap.DeleteParkedSteps(v.World, v.Target, wave, v.decide)
		},
		Simulate: simulated(swap.SimulateDeleteParked),
		Covers:   swapCovered,
	},
	{
		Kind: step.Tag, Forward: Place{AfterWaves, 4}, Back: Place{BeforeWaves, 4},
		Left: func(v View, _ step.Wave) []step.Step { return binding.TagSteps(v.World, v.Target) },
		Render: func(s step.Step, _ step.Target, _ time.Time) ([]step.Change, error) {
			return []step.Change{binding.RenderTag(s)}, nil
		},
		Simulate: simulated(binding.SimulateTag),
		Covers:   tagCovered,
	},
	{
		Kind: step.RestoreLabel, Forward: Place{AfterWaves, 5},
		Left:     func(v View, _ step.Wave) []step.Step { return binding.RestoreLabelSteps(v.World, v.Target) },
		Render:   rendered(binding.RenderLabels),
		Simulate: simulated(binding.SimulateLabels),
	},
	{
		Kind: step.UnfreezeGateway, Forward: Place{AfterWaves, 5}, Back: Place{AfterWaves, 5}, PerWave: true,
		Left: func(v View, wave step.Wave) []step.Step {
			return gateway.UnfreezeSteps(v.World, v.Target, wave, v.decide)
		},
		Render:   ofRun(gateway.RenderUnfreeze),
		Simulate: ofTarget(gateway.SimulateUnfreeze),
	},
	{
		Kind: step.LabelGateway, Forward: Place{InWave, 4}, Back: Place{AfterWaves, 5}, PerWave: true,
		Left: func(v View, wave step.Wave) []step.Step {
			return gateway.LabelSteps(v.World, v.Target, wave, v.decide)
		},
		Render:   ofRun(gateway.RenderLabel),
		Simulate: simulated(gateway.SimulateLabel),
	},
	{
		Kind: step.Remove, Forward: Place{AfterWaves, 6},
		Left:     func(v View, _ step.Wave) []step.Step { return removal.Steps(v.World, v.Target) },
		Render:   func(s step.Step, _ step.Target, _ time.Time) ([]step.Change, error) { return removal.Render(s) },
		Simulate: simulated(removal.Simulate),
	},
	{
		Kind: step.DryRun, Forward: Place{AfterWaves, 7},
		Left:    func(v View, _ step.Wave) []step.Step { return removal.DryRunSteps(v.World, v.Target, v.Ledger) },
		Verdict: func(v View, s step.Step) step.VerdictKey { return step.DryRunKey(s, v.Target) },
	},
}

// byKind indexes the definitions.
var byKind = func() map[step.Kind]Definition {
	m := map[step.Kind]Definition{}
	for _, d := range definitions {
		m[d.Kind] = d
	}
	return m
}()

// Definitions returns the table of step kinds, in the order of stages.
func Definitions() []Definition { return definitions }

// place is where steps of the kind are in the target's direction.
func (d Definition) place(t step.Target) Place {
	if t.Rollback {
		return d.Back
	}
	return d.Forward
}

// rendered is the Render of a kind with one write that depends on the step alone.
func rendered(one func(step.Step) (step.Change, error)) func(step.Step, step.Target, time.Time) ([]step.Change, error) {
	return func(s step.Step, _ step.Target, _ time.Time) ([]step.Change, error) { return step.Single(one(s)) }
}

// ofRun is the Render of a kind with one write that depends on the step and the run.
func ofRun(one func(step.Step, string) (step.Change, error)) func(step.Step, step.Target, time.Time) ([]step.Change, error) {
	return func(s step.Step, t step.Target, _ time.Time) ([]step.Change, error) {
		return step.Single(one(s, t.Run))
	}
}

// ofTarget is the Simulate of a kind that changes the World, as the target says.
func ofTarget(
	change func(*mesh.World, step.Target, step.Step),
) func(*mesh.World, *step.Ledger, step.Target, step.Step, time.Time) {
	return func(w *mesh.World, _ *step.Ledger, t step.Target, s step.Step, _ time.Time) { change(w, t, s) }
}

// simulated is the Simulate of a kind that changes the World alone.
func simulated(change func(*mesh.World, step.Step)) func(*mesh.World, *step.Ledger, step.Target, step.Step, time.Time) {
	return func(w *mesh.World, _ *step.Ledger, _ step.Target, s step.Step, _ time.Time) { change(w, s) }
}
