// SPDX-License-Identifier: Apache-2.0

package reporttest

import (
	"fmt"
	"time"

	"github.com/rerig/rerig/internal/engine"
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/step"
	"github.com/rerig/rerig/internal/verify"
)

// Intent is an upgrade of Mesh.
var Intent = step.Intent{
	Run: "to-1-31-0", Revision: "1-31-0", Version: "1.31.0", Installable: true,
	Parallel: 4, ReadyTimeout: 10 * time.Minute, Soak: time.Minute, WaveCount: 3,
}

// Observation is a run as it was observed last.
type Observation struct {
	World  mesh.World
	Target step.Target
	Ledger step.Ledger
	Left   []step.Stage
	At     time.Time
}

// Start returns a run that was approved and has done nothing yet.
func Start(w mesh.World, in step.Intent) Observation {
	target, err := plan.ResolveTarget(w, in, step.Ledger{})
	if err != nil {
		panic(fmt.Sprintf("plan the run: %v", err))
	}
	p := plan.Make(w, target, step.Ledger{})
	return Observation{World: w, Target: target, Ledger: plan.NewLedger(p, Noon), Left: p.Stages, At: Noon}
}

// Advance simulates the next step, which takes two seconds.
func (o *Observation) Advance() {
	o.simulate(o.Left[0].Steps[0])
	o.Left = plan.Steps(o.World, o.Target, o.Ledger)
}

// Finish simulates a run to its end.
func (o *Observation) Finish() {
	for len(o.Left) > 0 {
		for _, s := range step.Flat(o.Left) {
			o.simulate(s)
		}
		o.Left = plan.Steps(o.World, o.Target, o.Ledger)
	}
	o.Ledger.Ended = o.At
}

func (o *Observation) simulate(s step.Step) {
	o.At = o.At.Add(2 * time.Second)
	o.World, o.Ledger = plan.Simulate(o.World, o.Target, o.Ledger, s, o.At)
}

// evidence is what each verification of Run sees.
const evidence = "2/2 pods running, all sidecars of 1-31-0"

// Run simulates an upgrade of Mesh and reports its events. Each check waits once, and
// each wave soaks.
func Run(report func(engine.Event)) Observation {
	o := Start(Mesh(), Intent)
	emit := func(e engine.Event) {
		world, target, ledger := o.World, o.Target, o.Ledger.Clone()
		e.At, e.Run, e.World, e.Target, e.Ledger, e.Stages = o.At, Intent.Run, &world, &target, &ledger, o.Left
		report(e)
	}
	emit(engine.Event{Kind: engine.Began})
	for len(o.Left) > 0 {
		emit(engine.Event{Kind: engine.Observed})
		next := o.Left[0].Steps[0]
		emitBefore(emit, next, o.At)
		key := plan.VerdictKey(o.World, next, o.Target)
		o.Advance()
		if next.Kind.Changes() {
			emit(engine.Event{Kind: engine.Acted, Step: &next})
			continue
		}
		o.Ledger.Passed[key] = step.Pass{At: o.At, Evidence: evidence}
		pass := verify.Verdict{Subject: string(next.Subject), Result: verify.Pass, Reason: evidence}
		emit(engine.Event{Kind: engine.Passed, Step: &next, Verdict: &pass})
	}
	emit(engine.Event{Kind: engine.Observed})
	o.Ledger.Ended = o.At
	emit(engine.Event{Kind: engine.Finished})
	return o
}

// emitBefore reports what precedes the end of a step.
func emitBefore(emit func(engine.Event), next step.Step, now time.Time) {
	switch {
	case next.Kind.Changes():
		emit(engine.Event{Kind: engine.Acting, Step: &next})
	case next.Kind == step.Soak:
		emit(engine.Event{Kind: engine.Soaking, Step: &next, Until: now.Add(time.Minute)})
	default:
		wait := verify.Verdict{Check: "proxy-connected", Subject: string(next.Subject), Result: verify.Wait,
			Reason: "its first pod is not connected to an istiod of 1-31-0"}
		emit(engine.Event{Kind: engine.Waiting, Step: &next, Verdict: &wait})
		emit(engine.Event{Kind: engine.Waiting, Step: &next, Verdict: &wait})
	}
}
