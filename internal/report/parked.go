// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"time"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/report/format"
	"github.com/rerig/rerig/internal/step"
)

// parking is what a swap has parked of a workload, and until when that can come
// back at least.
type parking struct {
	pods  int
	until time.Time // zero while that is not known
}

// parkingOf reads it off a workload. On the way forth parked pods stay for the
// wave's soak, which ends at soaked, and for as long as each may take to end.
func parkingOf(wl mesh.Workload, p progress, back bool) parking {
	var k parking
	for _, pod := range wl.DetachedPods() {
		if pod.Terminating || pod.Swap.Place != mesh.Parked {
			continue
		}
		k.pods++
		if end := pod.Swap.ParkedAt.Add(pod.GracePeriod); k.until.IsZero() || end.Before(k.until) {
			k.until = end
		}
	}
	soaks := p.state == soaking && !p.until.IsZero()
	switch {
	case back, !soaks && p.state != retiring: // they come back, or the soak has not begun
		k.until = time.Time{}
	case soaks && p.until.After(k.until):
		k.until = p.until
	}
	return k
}

// text is it in words, "" for nothing.
func (k parking) text(now time.Time) string {
	switch {
	case k.pods == 0:
		return ""
	case k.until.After(now):
		return fmt.Sprintf("%d parked until %s", k.pods, k.until.In(now.Location()).Format(time.TimeOnly))
	}
	return fmt.Sprintf("%d parked", k.pods)
}

// parked says, where a run stands, which workloads have parked pods and for how
// long they can still come back.
func (s Status) parked(p format.Style) []string {
	rows := [][]format.Cell{format.Header("PARKED", "PODS")}
	for _, w := range progressOf(s.World, s.Target, s.Ledger, s.Left) {
		for _, x := range w.works {
			if text := x.parked.text(s.At); text != "" {
				rows = append(rows, format.Row(x.key, text))
			}
		}
	}
	if len(rows) == 1 {
		return nil
	}
	lines := append([]string{""}, p.Table("", rows)...)
	if s.Target.Rollback {
		return append(lines, "They take their places back.")
	}
	return append(lines, p.Wrap("", fmt.Sprintf("They are alive and out of the Services: `rerig rollback %s` gives them their places back, without a restart.", s.Run))...)
}

// comeback says in a plan what a swap has in hand of a workload, and that on the
// way back the same pods return.
func comeback(wl mesh.Workload, t step.Target) string {
	n := 0
	for _, pod := range wl.DetachedPods() {
		if pod.Terminating || pod.Swap.Place != mesh.Parked || pod.Swap.Role != mesh.Original || pod.Sidecar.Revision != t.RevisionOf(wl) {
			continue
		}
		n++
	}
	switch {
	case !t.Rollback || n == 0:
		return inHand(wl)
	case n == 1:
		return "its parked pod takes its place back"
	}
	return fmt.Sprintf("its %d parked pods take their places back", n)
}
