// SPDX-License-Identifier: Apache-2.0

package report

import (
	"time"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// Remaining estimates how long the rest of a run takes: installs, soaks, trials, and
// restarts in batches of parallel, each as long as those that this run has verified
// took on average.
func (p Progress) Remaining(parallel int, now time.Time) time.Duration {
	parallel = max(parallel, 1)
	rest := p.other + batches(p.Trials, parallel)*vocabulary[step.Trial].estimate
	for _, wave := range p.Waves {
		rest += batches(wave.Total-wave.Verified, parallel) * p.each
		switch {
		case !wave.SoakEnd.IsZero():
			rest += max(0, wave.SoakEnd.Sub(now))
		case wave.State != Verified:
			rest += p.soak
		}
	}
	return rest
}

func batches(n, parallel int) time.Duration { return time.Duration((n + parallel - 1) / parallel) }

// averageDuration is the average time from a restart to its verification.
func averageDuration(s Snapshot) time.Duration {
	var sum time.Duration
	n := 0
	for _, wl := range s.World.Workloads {
		if d, ok := moveDuration(s.World, wl, s.Target.RevisionOf(wl), s.Target.Run, s.Ledger); ok {
			sum, n = sum+d, n+1
		}
	}
	if n == 0 {
		return restartEstimate
	}
	return sum / time.Duration(n)
}

// moveDuration returns the time from this run's restart of a workload to its
// verification, and false where either is missing.
func moveDuration(w mesh.World, wl mesh.Workload, want, run string, l step.Ledger) (time.Duration, bool) {
	if wl.RestartAnnotation.Run != run || wl.RestartAnnotation.At.IsZero() {
		return 0, false
	}
	pass, ok := l.Passed[step.VerifyKey(w, wl, want)]
	if !ok || pass.At.Before(wl.RestartAnnotation.At) {
		return 0, false
	}
	return pass.At.Sub(wl.RestartAnnotation.At), true
}
