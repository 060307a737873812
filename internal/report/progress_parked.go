// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"time"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/report/format"
)

// ParkedPods are the pods of a workload that a swap has parked.
type ParkedPods struct {
	pods  int
	until time.Time // how long they can return at least; zero while that is not known
}

// parkedPods counts the parked pods of a workload. In an upgrade they stay for the
// soak of the wave, and each for its termination grace period.
func parkedPods(wl mesh.Workload, wave WaveProgress, back bool) ParkedPods {
	var parked ParkedPods
	for _, pod := range wl.DetachedPods() {
		if pod.Terminating || pod.Swap.Place != mesh.Parked {
			continue
		}
		parked.pods++
		if end := pod.Swap.ParkedAt.Add(pod.GracePeriod); parked.until.IsZero() || end.Before(parked.until) {
			parked.until = end
		}
	}
	soaks := wave.State == Soaking && !wave.SoakEnd.IsZero()
	switch {
	case back, !soaks && wave.State != Draining: // they return, or the soak has not begun
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

// parkedTable lists the workloads with parked pods.
func (s Status) parkedTable(style format.Style, p Progress) []string {
	var rows [][]format.Cell
	for _, wave := range p.Waves {
		for _, x := range wave.Workloads {
			if text := x.Parked.Text(s.At); text != "" {
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
		"Parked pods run without traffic. `rerig rollback %s` returns them to service without a restart.", s.Run))...)
}
