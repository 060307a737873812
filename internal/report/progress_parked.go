// SPDX-License-Identifier: Apache-2.0

package report

import (
	"cmp"
	"fmt"
	"time"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/report/format"
	"github.com/rerig/rerig/internal/step"
)

// ParkedPods are the pods of a workload that a swap has parked.
type ParkedPods struct {
	pods    int
	until   time.Time // how long they can return at least; zero while that is not known
	leaving int       // gateways' pods among them that have asked their clients to close their connections
	latest  time.Time // when the last of these is deleted, whatever is connected
}

// parkedPods counts the parked pods of a workload. In an upgrade they stay for the
// soak of the wave, and each for its termination grace period; a gateway's pods until
// their connections end.
func parkedPods(wl mesh.Workload, wave WaveProgress, t step.Target) ParkedPods {
	var parked ParkedPods
	for _, pod := range wl.DetachedPods() {
		if pod.Terminating || pod.Swap.Place != mesh.Parked {
			continue
		}
		parked.pods++
		if wl.Gateway && !pod.Swap.LeavingAt.IsZero() {
			parked.leaving++
			parked.latest = later(parked.latest, pod.Swap.ParkedAt.Add(t.ParkMax))
		}
		if end := pod.Swap.ParkedAt.Add(pod.GracePeriod); parked.until.IsZero() || end.Before(parked.until) {
			parked.until = end
		}
	}
	soaks := wave.State == Soaking && !wave.SoakEnd.IsZero()
	switch {
	case t.Rollback, !soaks && wave.State != Draining: // they return, or the soak has not begun
		parked.until = time.Time{}
	case soaks && wave.SoakEnd.After(parked.until):
		parked.until = wave.SoakEnd
	}
	return parked
}

// Text returns the number of parked pods, "" for none.
func (k ParkedPods) Text(now time.Time) string {
	switch {
	case k.pods == 0:
		return ""
	case k.until.After(now):
		return fmt.Sprintf("%d parked until %s", k.pods, k.until.In(now.Location()).Format(time.TimeOnly))
	}
	return fmt.Sprintf("%d parked", k.pods)
}

// Leaving says what a gateway's parked pods wait for, "" for none that have asked their
// clients to leave.
func (k ParkedPods) Leaving(now time.Time) string {
	if k.leaving == 0 {
		return ""
	}
	latest := k.latest.In(now.Location())
	layout := time.TimeOnly
	if latest.Format(time.DateOnly) != now.Format(time.DateOnly) {
		layout = time.DateTime
	}
	return fmt.Sprintf("%s %s connections to end, until %s at the latest", format.Count(k.leaving, "old pod"),
		format.Choose(k.leaving, "waits for its", "wait for their"), latest.Format(layout))
}

// Leaving says what the gateways' parked pods of a wave wait for, "" for none.
func (w WaveProgress) Leaving(now time.Time) string {
	var sum ParkedPods
	for _, x := range w.Workloads {
		sum.leaving += x.Parked.leaving
		sum.latest = later(sum.latest, x.Parked.latest)
	}
	return sum.Leaving(now)
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// parkedTable lists the workloads with parked pods.
func (s Status) parkedTable(style format.Style, p Progress) []string {
	var rows [][]format.Cell
	for _, wave := range p.Waves {
		for _, x := range wave.Workloads {
			if text := cmp.Or(x.Parked.Leaving(s.At), x.Parked.Text(s.At)); text != "" {
				rows = append(rows, format.Row(x.Key, text))
			}
		}
	}
	if len(rows) == 0 {
		return nil
	}
	lines := section(style, format.Header("PARKED", "PODS"), rows, "workload")
	if s.Target.Rollback {
		return append(lines, "The parked pods return to their ReplicaSets.")
	}
	return append(lines, style.Wrap("", fmt.Sprintf(
		"Parked pods get no new requests. `rerig rollback %s` returns them to service without a restart.", s.Run))...)
}
