// SPDX-License-Identifier: Apache-2.0

package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rerig/rerig/internal/report/format"
)

// order is in which order workloads are shown, where not all fit: those that
// are worked on first.
var order = map[state]int{trying: 0, proving: 0, restarting: 1, swapping: 1, proven: 2, waits: 3}

// works are the lines of a wave's workloads, at most room; those that don't fit
// are counted in the last line.
func (f frame) works(p format.Style, w progress, room int, now time.Time) []string {
	list := slices.Clone(w.works)
	hidden := map[state]int{}
	if len(list) > room {
		slices.SortStableFunc(list, func(a, b work) int { return order[a.state] - order[b.state] })
		for _, x := range list[max(room-1, 0):] {
			hidden[x.state]++
		}
		list = list[:max(room-1, 0)]
	}
	wide := 0
	for _, x := range list {
		wide = max(wide, format.Width(x.key))
	}
	var lines []string
	for _, x := range list {
		text := fmt.Sprintf("    %-*s  %d/%d  %-10s %s", wide, x.key, x.ready, x.wanted, x.state, cmp.Or(f.reason(x), x.parked.text(now)))
		lines = append(lines, p.Paint(toneOf(x.state), format.Cut(strings.TrimRight(text, " "), p.Width)))
	}
	if len(hidden) > 0 && room > 0 {
		lines = append(lines, p.Paint(format.Dim, format.Cut("    and "+sums(hidden), p.Width)))
	}
	return lines
}

// reason is what a workload waits for, while it does.
func (f frame) reason(x work) string {
	if x.state == trying || x.state == restarting || x.state == swapping || x.state == proving {
		return strings.TrimPrefix(f.reasons[x.key], "its rollout is not done: ")
	}
	return ""
}

func sums(hidden map[state]int) string {
	text := ""
	for _, s := range []state{trying, proving, restarting, swapping, proven, waits} {
		if n := hidden[s]; n > 0 {
			if text != "" {
				text += ", "
			}
			text += fmt.Sprintf("%d more %s", n, hiddenWord(s, n))
		}
	}
	return text
}

func hiddenWord(s state, n int) string {
	if s == waits && n > 1 {
		return "wait"
	}
	return string(s)
}
