// SPDX-License-Identifier: Apache-2.0

package live

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rerig/rerig/internal/report"
	"github.com/rerig/rerig/internal/report/format"
)

// priority is the order of workloads where not all fit: first those at work.
var priority = map[report.State]int{
	report.Trying: 0, report.Verifying: 0, report.Restarting: 1, report.Swapping: 1, report.Verified: 2, report.Pending: 3,
}

// counted are the states in the order in which hidden workloads are counted.
var counted = []report.State{
	report.Trying, report.Verifying, report.Restarting, report.Swapping, report.Verified, report.Pending,
}

// workloads draws the workloads of a wave in at most maxLines lines. The last line counts
// those that do not fit.
func (f *frame) workloads(style format.Style, w report.WaveProgress, maxLines int, now time.Time) []string {
	list := w.Workloads
	hidden := map[report.State]int{}
	if len(list) > maxLines {
		shown := max(maxLines-1, 0)
		list = slices.Clone(list)
		slices.SortStableFunc(list, func(a, b report.WorkloadProgress) int { return priority[a.State] - priority[b.State] })
		for _, x := range list[shown:] {
			hidden[x.State]++
		}
		list = list[:shown]
	}
	keyWidth := 0
	for _, x := range list {
		keyWidth = max(keyWidth, format.Width(x.Key))
	}
	var lines []string
	for _, x := range list {
		key := x.Key + strings.Repeat(" ", keyWidth-format.Width(x.Key))
		text := fmt.Sprintf("    %s  %d/%d  %-10s %s", key, x.Ready, x.Wanted, x.State, cmp.Or(f.reason(x), x.Parked.Text(now)))
		lines = append(lines, style.Paint(x.State.Tone(), format.Cut(strings.TrimRight(text, " "), style.Width)))
	}
	if len(hidden) > 0 && maxLines > 0 {
		lines = append(lines, style.Paint(format.Dim, format.Cut("    and "+hiddenCounts(hidden), style.Width)))
	}
	return lines
}

// reason is what a workload waits for, "" for one that is not at work.
func (f *frame) reason(x report.WorkloadProgress) string {
	switch x.State {
	case report.Trying, report.Restarting, report.Swapping, report.Verifying:
		return f.reasons[x.Key]
	}
	return ""
}

func hiddenCounts(hidden map[report.State]int) string {
	var parts []string
	for _, s := range counted {
		if n := hidden[s]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d more %s", n, s))
		}
	}
	return strings.Join(parts, ", ")
}
