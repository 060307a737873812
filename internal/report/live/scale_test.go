// SPDX-License-Identifier: Apache-2.0

package live

import (
	"runtime"
	"syscall"
	"testing"
	"time"

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

// cpuTime is the time that this process computed. It does not grow while other processes
// have the machine.
func cpuTime(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// TestFramesScaleWithWorkloads compares one frame of 10 000 workloads with ten frames of
// 1 000: as much memory and as long a time, so that a loaded machine slows both alike.
func TestFramesScaleWithWorkloads(t *testing.T) {
	const maxRatio, rounds = 1.5, 40
	small, large := approved(1000), approved(10000)
	timed := func(o reporttest.Observation, times int) time.Duration {
		runtime.GC()
		began := cpuTime(t)
		for range times {
			draw(o)
		}
		return cpuTime(t) - began
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
