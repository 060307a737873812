// SPDX-License-Identifier: Apache-2.0

package report

import (
	"time"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
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
func expected(w mesh.World, t step.Target, l step.Ledger, left []step.Stage, parallel int, now time.Time) time.Duration {
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
	for _, stage := range left {
		switch stage.Kind {
		case step.Install:
			rest += guessedInstall
		case step.Trial:
			rest += time.Duration((len(stage.Steps)+parallel-1)/max(parallel, 1)) * guessedTrial
		}
	}
	return rest
}

// average is how long a workload took from its restart to its proof.
func average(w mesh.World, t step.Target, l step.Ledger) time.Duration {
	var sum time.Duration
	n := 0
	for _, wl := range w.Workloads {
		if d, ok := took(w, wl, t.RevisionOf(wl), t.Run, l); ok {
			sum, n = sum+d, n+1
		}
	}
	if n == 0 {
		return guessedRestart
	}
	return sum / time.Duration(n)
}

// took is how long a workload took from its restart by this run to its proof.
func took(w mesh.World, wl mesh.Workload, want, run string, l step.Ledger) (time.Duration, bool) {
	pass, ok := l.Passed[step.VerifyKey(w, wl, want)]
	if !ok || wl.RestartAnnotation.Run != run || wl.RestartAnnotation.At.IsZero() || pass.At.Before(wl.RestartAnnotation.At) {
		return 0, false
	}
	return pass.At.Sub(wl.RestartAnnotation.At), true
}
