// SPDX-License-Identifier: Apache-2.0

package live

import (
	"fmt"
	"strings"
	"time"

	"github.com/rerig/rerig/internal/report"
	"github.com/rerig/rerig/internal/report/format"
)

// waves draws the waves, the current one with its workloads. What does not fit is
// summed up.
func (f *frame) waves(style format.Style, maxLines int, now time.Time) []string {
	before, current, after := split(f.progress.Waves)
	workloads := max(maxLines-len(f.progress.Waves), 0)
	if len(f.progress.Waves) > maxLines/2 {
		before, after = folded(before), folded(after)
		workloads = max(maxLines-len(before)-len(after)-len(current), 0)
	}
	var lines []string
	for _, w := range before {
		lines = append(lines, f.wave(style, w, now))
	}
	for _, w := range current {
		lines = append(lines, f.wave(style, w, now))
		if leaving := w.Leaving(now); leaving != "" {
			lines = append(lines, style.Paint(format.Dim, format.Cut("    "+leaving, style.Width)))
			workloads--
		}
		lines = append(lines, f.workloads(style, w, max(workloads, 0), now)...)
	}
	for _, w := range after {
		lines = append(lines, f.wave(style, w, now))
	}
	return lines
}

// split divides the waves at the current one.
func split(waves []report.WaveProgress) (before, current, after []report.WaveProgress) {
	for _, w := range waves {
		switch {
		case w.State == report.Verified && len(current) == 0 && len(after) == 0:
			before = append(before, w)
		case w.State != report.Pending && w.State != report.Verified && len(current) == 0:
			current = append(current, w)
		default:
			after = append(after, w)
		}
	}
	return before, current, after
}

// folded sums waves up as one, whose number is minus how many they are.
func folded(waves []report.WaveProgress) []report.WaveProgress {
	if len(waves) < 2 {
		return waves
	}
	sum := report.WaveProgress{State: waves[0].State}
	for _, w := range waves {
		sum.Namespaces = append(sum.Namespaces, w.Namespaces...)
		sum.Total += w.Total
		sum.Verified += w.Verified
	}
	sum.Number = -len(waves)
	return []report.WaveProgress{sum}
}

func (f *frame) wave(style format.Style, w report.WaveProgress, now time.Time) string {
	name := fmt.Sprintf("wave %d/%d", w.Number, report.TotalWaves(f.target, f.ledger))
	if w.Number < 0 {
		name = fmt.Sprintf("%d waves", -w.Number)
	}
	text := fmt.Sprintf("  %-9s %s %d/%d %-10s %s",
		name, bar(w.Verified, w.Total), w.Verified, w.Total, w.Text(now), strings.Join(w.Namespaces, ", "))
	return style.Paint(w.State.Tone(), format.Cut(text, style.Width))
}

const barWidth = 10

// bar draws done of total.
func bar(done, total int) string {
	full := barWidth
	if total > 0 {
		full = barWidth * done / total
	}
	return "[" + strings.Repeat("=", full) + strings.Repeat(" ", barWidth-full) + "]"
}
