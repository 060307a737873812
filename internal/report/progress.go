// SPDX-License-Identifier: Apache-2.0

package report

import (
	"time"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/step"
)

// state is how far a wave or a workload is.
type state string

const (
	waits      state = "waits"
	labelling  state = "labelling"
	restarting state = "restarting"
	proving    state = "proving"
	soaking    state = "soaking"
	swapping   state = "swapping"
	retiring   state = "retiring"
	proven     state = "proven"
	held       state = "held"
)

// progress is how far a wave is.
type progress struct {
	step.Wave
	state state
	works []work
	until time.Time // the end of its soak
}

// work is how far a workload is.
type work struct {
	key    string
	state  state
	ready  int // pods that are ready and carry the wanted sidecar
	wanted int
	parked parking
}

// proven counts the workloads of a wave that are.
func (p progress) proven() int {
	n := 0
	for _, w := range p.works {
		if w.state == proven {
			n++
		}
	}
	return n
}

// progressOf is how far each wave is: what is left of it, against the world.
func progressOf(w mesh.World, t step.Target, l step.Ledger, left []step.Stage) []progress {
	var list []progress
	for _, g := range t.Waves {
		p := progress{Wave: g, state: waveState(g.Number, left)}
		if since, ok := l.Soaking[step.SoakKey(g.Number, t.Revision)]; ok && p.state == soaking {
			p.until = since.Add(t.Soak)
		}
		for _, wl := range plan.WorkloadsToVerify(w, t, l, g) {
			x := workOf(wl, t.RevisionOf(wl), g.Number, left)
			x.parked = parkingOf(wl, p, t.Rollback)
			p.works = append(p.works, x)
		}
		list = append(list, p)
	}
	return list
}

// waveState is what the first stage that is left of a wave says; a wave whose
// turn has not come waits.
func waveState(wave int, left []step.Stage) state {
	for i, stage := range left {
		switch {
		case stage.Wave != wave:
		case i > 0:
			return behind(left[i:], wave)
		case stage.Kind == step.Trial:
			return trying
		case stage.Kind == step.Swap:
			return swapping
		case stage.Kind == step.DeleteParked:
			return retiring
		case stage.Kind == step.Label, stage.Kind == step.LabelTemplate:
			return labelling
		case stage.Kind == step.EvictStuckPod, stage.Kind == step.Restart, stage.Kind == step.EvictPods:
			return restarting
		case stage.Kind == step.Verify:
			return proving
		default:
			return soaking
		}
	}
	return proven
}

// behind is the state of a wave whose first stage is not the next one: it waits for
// its turn, or on the way back for the end of its parked pods.
func behind(left []step.Stage, wave int) state {
	for _, stage := range left {
		if stage.Wave == wave && stage.Kind != step.DeleteParked {
			return waits
		}
	}
	return retiring
}

func workOf(wl mesh.Workload, want string, wave int, left []step.Stage) work {
	w := work{key: wl.Key(), wanted: wl.Replicas, state: proven}
	for _, p := range wl.Live() {
		if p.Ready && p.Sidecar.Present && p.Sidecar.Revision == want {
			w.ready++
		}
	}
	for _, s := range step.Flat(left) {
		switch {
		case s.Wave != wave || s.Subject != wl.Key():
		case s.Kind == step.Trial && left[0].Wave == wave:
			w.state = trying
			return w
		case s.Kind == step.Restart, s.Kind == step.Swap && len(wl.DetachedPods()) == 0:
			w.state = waits
			return w
		case s.Kind == step.Swap:
			w.state = swapping
			return w
		case s.Kind == step.EvictPods:
			if w.state = restarting; w.ready == 0 {
				w.state = waits
			}
			return w
		case s.Kind == step.Verify && !wl.Rollout.Done:
			w.state = restarting
		case s.Kind == step.Verify:
			w.state = proving
		}
	}
	return w
}
