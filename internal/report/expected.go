// SPDX-License-Identifier: Apache-2.0

package report

import (
	"time"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan"
)

// What things are taken to last until the run itself has shown it.
const (
	guessedRestart = 20 * time.Second
	guessedInstall = 30 * time.Second
	guessedTrial   = 25 * time.Second
)

// expected estimates how long the rest of a run takes: installs, soaks, trials,
// and the restarts in batches of parallel, each as long as those that this run has
// proven took on average.
func expected(w mesh.World, t plan.Target, l plan.Ledger, left []plan.Stage, parallel int, now time.Time) time.Duration {
	each := average(w, t, l)
	var rest time.Duration
	for _, p := range progressOf(w, t, l, left) {
		open := len(p.works) - p.proven()
		rest += time.Duration((open+parallel-1)/max(parallel, 1)) * each
		switch {
		case !p.until.IsZero():
			rest += max(0, p.until.Sub(now))
		case p.state != proven:
			rest += t.Soak
		}
	}
	for _, s := range left {
		switch s.Kind {
		case plan.Install:
			rest += guessedInstall
		case plan.Trial:
			rest += time.Duration((len(s.Steps)+parallel-1)/max(parallel, 1)) * guessedTrial
		}
	}
	return rest
}

// average is how long a workload took from its restart to its proof.
func average(w mesh.World, t plan.Target, l plan.Ledger) time.Duration {
	var sum time.Duration
	n := 0
	for _, wl := range w.Workloads {
		if d, ok := took(w, wl, t.Want(wl), t.Run, l); ok {
			sum, n = sum+d, n+1
		}
	}
	if n == 0 {
		return guessedRestart
	}
	return sum / time.Duration(n)
}

// took is how long a workload took from its restart by this run to its proof.
func took(w mesh.World, wl mesh.Workload, want, run string, l plan.Ledger) (time.Duration, bool) {
	pass, ok := l.Passed[plan.ProofKey(w, wl, want)]
	if !ok || wl.Stamp.Run != run || wl.Stamp.At.IsZero() || pass.At.Before(wl.Stamp.At) {
		return 0, false
	}
	return pass.At.Sub(wl.Stamp.At), true
}
