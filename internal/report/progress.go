// SPDX-License-Identifier: Apache-2.0

package report

import (
	"time"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/report/format"
	"github.com/rerig/rerig/internal/step"
)

// State is how far a wave or a workload is.
type State string

const (
	Pending    State = "pending"
	Trying     State = "trial"
	Labelling  State = "labelling"
	Restarting State = "restarting"
	Swapping   State = "swapping"
	Verifying  State = "verifying"
	Soaking    State = "soaking"
	Draining   State = "draining" // parked pods, until they are deleted
	Verified   State = "verified"
	Held       State = "held"
)

// Tone returns the colour of a state.
func (s State) Tone() format.Tone {
	switch s {
	case Verified:
		return format.Good
	case Pending:
		return format.Dim
	case Held:
		return format.Bad
	}
	return format.Plain
}

// Snapshot is one observation of a run.
type Snapshot struct {
	World  mesh.World
	Target step.Target
	Ledger step.Ledger
	Left   []step.Stage
}

// Progress is how far a run is. It is computed once per observation; what is drawn
// from it costs no more than what it shows.
type Progress struct {
	Waves  []WaveProgress
	Trials int           // steps of trials that are left
	other  time.Duration // expected duration of the other steps outside of the waves
	each   time.Duration // average time from a restart to its verification
	soak   time.Duration
}

// WaveProgress is how far a wave is.
type WaveProgress struct {
	step.Wave
	State     State
	Workloads []WorkloadProgress
	Total     int       // workloads
	Verified  int       // of them
	SoakEnd   time.Time // zero while the wave does not soak
}

// Text is the state of the wave, with what is left of its soak.
func (w WaveProgress) Text(now time.Time) string {
	if w.State == Soaking && !w.SoakEnd.IsZero() {
		return "soak " + format.Duration(max(0, w.SoakEnd.Sub(now)))
	}
	return string(w.State)
}

// WorkloadProgress is how far a workload is.
type WorkloadProgress struct {
	Key    string
	State  State
	Ready  int // pods that are ready and have a sidecar of the target's revision
	Wanted int
	Parked ParkedPods
}

// leftSteps is an index of what is left of the waves.
type leftSteps struct {
	first  map[int]int  // wave -> index of its first stage
	drains map[int]bool // waves of which only parked pods are left to delete
	of     map[waveSubject]workloadSteps
	next   int // wave of the next step
}

type waveSubject struct {
	wave    int
	subject string
}

// workloadSteps is what is left of a workload.
type workloadSteps struct {
	trial, verify bool
	move          step.Kind // "" none
}

func indexSteps(stages []step.Stage) leftSteps {
	left := leftSteps{first: map[int]int{}, drains: map[int]bool{}, of: map[waveSubject]workloadSteps{}}
	for i, stage := range stages {
		if i == 0 {
			left.next = stage.Wave
		}
		if _, known := left.first[stage.Wave]; !known {
			left.first[stage.Wave], left.drains[stage.Wave] = i, true
		}
		left.drains[stage.Wave] = left.drains[stage.Wave] && stage.Kind == step.DeleteParked
		words := vocabulary[stage.Kind]
		if words.begun == nil && words.state != Trying && words.state != Verifying {
			continue
		}
		for _, s := range stage.Steps {
			key := waveSubject{wave: s.Wave, subject: string(s.Subject)}
			steps := left.of[key]
			steps.trial = steps.trial || words.state == Trying
			steps.verify = steps.verify || words.state == Verifying
			if words.begun != nil && steps.move == "" {
				steps.move = s.Kind
			}
			left.of[key] = steps
		}
	}
	return left
}

// ProgressOf compares what is left of a run with the mesh.
func ProgressOf(s Snapshot) Progress {
	p := Progress{each: averageDuration(s), soak: s.Target.Soak}
	left := indexSteps(s.Left)
	for _, g := range s.Target.Waves {
		wave := WaveProgress{Wave: g, State: left.waveState(s.Left, g.Number)}
		if since, ok := s.Ledger.Soaking[step.SoakKey(g.Number, s.Target.Revision)]; ok && wave.State == Soaking {
			wave.SoakEnd = since.Add(s.Target.Soak)
		}
		for _, wl := range plan.WorkloadsToVerify(s.World, s.Target, s.Ledger, g) {
			x := left.workload(wl, s.Target.RevisionOf(wl), g.Number)
			x.Parked = parkedPods(wl, wave, s.Target)
			wave.Workloads = append(wave.Workloads, x)
			if x.State == Verified {
				wave.Verified++
			}
		}
		wave.Total = len(wave.Workloads)
		p.Waves = append(p.Waves, wave)
	}
	for _, stage := range s.Left {
		switch estimate := vocabulary[stage.Kind].estimate; {
		case stage.Kind == step.Trial:
			p.Trials += len(stage.Steps)
		case stage.Wave == 0:
			p.other += estimate * time.Duration(len(stage.Steps))
		}
	}
	return p
}

// waveState is the state that the first stage left of a wave implies. A wave whose
// turn has not come is pending, or drains at the end of a rollback.
func (left leftSteps) waveState(stages []step.Stage, wave int) State {
	i, some := left.first[wave]
	switch {
	case !some:
		return Verified
	case i > 0 && left.drains[wave]:
		return Draining
	case i > 0:
		return Pending
	}
	return vocabulary[stages[0].Kind].state
}

// workload is the state that the steps left of a workload imply.
func (left leftSteps) workload(wl mesh.Workload, want string, wave int) WorkloadProgress {
	x := WorkloadProgress{Key: string(wl.Ref()), Wanted: wl.Replicas, State: Verified}
	for _, p := range wl.Live() {
		if p.Ready && p.Sidecar.Present && p.Sidecar.Revision == want {
			x.Ready++
		}
	}
	steps := left.of[waveSubject{wave: wave, subject: x.Key}]
	switch move := vocabulary[steps.move]; {
	case steps.trial && left.next == wave:
		x.State = Trying
	case move.begun != nil && !move.begun(wl, x.Ready):
		x.State = Pending
	case move.begun != nil:
		x.State = move.state
	case steps.verify && !wl.Rollout.Done:
		x.State = Restarting
	case steps.verify:
		x.State = Verifying
	}
	return x
}
