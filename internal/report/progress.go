// SPDX-License-Identifier: Apache-2.0

package report

import (
	"time"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan"
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
	plan.Group
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
func progressOf(w mesh.World, t plan.Target, l plan.Ledger, left []plan.Stage) []progress {
	var list []progress
	for _, g := range t.Waves {
		p := progress{Group: g, state: waveState(g.Wave, left)}
		if since, ok := l.Soaking[plan.SoakKey(g.Wave, t.Revision)]; ok && p.state == soaking {
			p.until = since.Add(t.Soak)
		}
		for _, wl := range plan.Provable(w, t, l, g) {
			x := workOf(wl, t.Want(wl), g.Wave, left)
			x.parked = parkingOf(wl, p, t.Back)
			p.works = append(p.works, x)
		}
		list = append(list, p)
	}
	return list
}

// waveState is what the first stage that is left of a wave says; a wave whose
// turn has not come waits.
func waveState(wave int, left []plan.Stage) state {
	for i, s := range left {
		switch {
		case s.Wave != wave:
		case i > 0:
			return behind(left[i:], wave)
		case s.Kind == plan.Trial:
			return trying
		case s.Kind == plan.Swap:
			return swapping
		case s.Kind == plan.Retire:
			return retiring
		case s.Kind == plan.Label, s.Kind == plan.Preset:
			return labelling
		case s.Kind == plan.Evict, s.Kind == plan.Restart, s.Kind == plan.Replace:
			return restarting
		case s.Kind == plan.Prove:
			return proving
		default:
			return soaking
		}
	}
	return proven
}

// behind is the state of a wave whose first stage is not the next one: it waits for
// its turn, or on the way back for the end of its parked pods.
func behind(left []plan.Stage, wave int) state {
	for _, s := range left {
		if s.Wave == wave && s.Kind != plan.Retire {
			return waits
		}
	}
	return retiring
}

func workOf(wl mesh.Workload, want string, wave int, left []plan.Stage) work {
	w := work{key: wl.Key(), wanted: wl.Wanted, state: proven}
	for _, p := range wl.Live() {
		if p.Ready && p.Sidecar.Present && p.Sidecar.Revision == want {
			w.ready++
		}
	}
	for _, s := range plan.Flat(left) {
		switch {
		case s.Wave != wave || s.Subject != wl.Key():
		case s.Kind == plan.Trial && left[0].Wave == wave:
			w.state = trying
			return w
		case s.Kind == plan.Restart, s.Kind == plan.Swap && len(wl.Kept()) == 0:
			w.state = waits
			return w
		case s.Kind == plan.Swap:
			w.state = swapping
			return w
		case s.Kind == plan.Replace:
			if w.state = restarting; w.ready == 0 {
				w.state = waits
			}
			return w
		case s.Kind == plan.Prove && !wl.Rollout.Done:
			w.state = restarting
		case s.Kind == plan.Prove:
			w.state = proving
		}
	}
	return w
}
