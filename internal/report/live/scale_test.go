// SPDX-License-Identifier: Apache-2.0

package live

import (
	"runtime"
	"testing"
	"time"

	"github.com/rerig/rerig/internal/cputime"
	"github.com/rerig/rerig/internal/report/format"
	"github.com/rerig/rerig/internal/report/reporttest"
)

// approved is a run of n workloads in its first wave.
func approved(n int) reporttest.Observation {
	in := reporttest.Intent
	in.Installable = false
	w := reporttest.Large(n)
	w.Revisions = append(w.Revisions, reporttest.ControlPlane("1-31-0", "1.31.0"))
	w.Webhooks = append(w.Webhooks, reporttest.Webhooks("1-31-0", "")...)
	w.Sort()
	return reporttest.Start(w, in)
}

// draw indexes an observation and draws two frames of it.
func draw(o reporttest.Observation) {
	f := observed(o)
	for range 2 {
		f.lines(format.Style{Width: 100}, 40, o.At, parallel)
	}
}

// TestFramesScaleWithWorkloads compares one frame of 10 000 workloads with ten frames of
// 1 000: as much memory and as long a time, so that a loaded machine slows both alike.
func TestFramesScaleWithWorkloads(t *testing.T) {
	const maxRatio, rounds = 1.5, 40
	small, large := approved(1000), approved(10000)
	timed := func(o reporttest.Observation, times int) time.Duration {
		runtime.GC()
		began := cputime.Now(t)
		for range times {
			draw(o)
		}
		return cputime.Now(t) - began
	}
	ten, one, ratio := time.Hour, time.Hour, 0.0
	for range rounds {
		ten, one = min(ten, timed(small, 10)), min(one, timed(large, 1))
		if ratio = float64(one) / float64(ten); ratio <= maxRatio {
			return
		}
	}
	t.Errorf("ten times the workloads: got %.1f times the time, want at most %.0f (%s, %s)", 10*ratio, 10*maxRatio, ten, one)
}

func BenchmarkFrame(b *testing.B) {
	for _, c := range []struct {
		name string
		n    int
	}{{name: "2000", n: 2000}, {name: "20000", n: 20000}} {
		b.Run(c.name, func(b *testing.B) {
			o := approved(c.n)
			for b.Loop() {
				draw(o)
			}
		})
	}
}
