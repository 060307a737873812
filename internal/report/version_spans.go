// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"slices"
	"time"

	"github.com/rerig/rerig/internal/plan/parity"
	"github.com/rerig/rerig/internal/report/format"
)

func (g Summary) spans() []parity.Span { return parity.Spans(g.World, g.Target, g.Ledger, g.Hops) }

// versionSpans says on how many paths proxy versions differed, how long, and where they still do.
func (g Summary) versionSpans(style format.Style) []string {
	spans := g.spans()
	longest, any := parity.Longest(spans, g.Ended)
	if !any {
		return nil
	}
	text := "Proxy versions differed on " + pathsFromGateways(len(spans))
	if length := longest.Length(g.Ended); length > 0 {
		text += fmt.Sprintf(", the longest for %s (%s)", format.Duration(length), pathName(longest))
	}
	lines := append([]string{""}, style.Wrap("", text+".")...)
	open := slices.DeleteFunc(spans, parity.Span.Ended)
	if len(open) == 0 {
		return lines
	}
	lines = append(lines, style.WrapIn(format.Warn, "", fmt.Sprintf("On %d of them they differ now:", len(open)))...)
	var rows [][]format.Cell
	for _, s := range open {
		if len(rows) >= maxRows && !style.Details {
			break
		}
		rows = append(rows, format.Row(objectName(s.From)+" "+s.FromVersion, "-> "+objectName(s.To)+" "+s.ToVersion))
	}
	return append(lines, folded(style.Table("  ", rows), len(open)-len(rows), style, "path")...)
}

// pathName names a path, "edge/front -> shop/web".
func pathName(s parity.Span) string { return objectName(s.From) + " -> " + objectName(s.To) }

func pathsFromGateways(n int) string {
	if n == 1 {
		return "1 path from a gateway"
	}
	return fmt.Sprintf("%d paths from gateways", n)
}

// SpansNow says on how many of the paths from gateways proxy versions differ now, and how long
// they have; "" if they do on none.
func SpansNow(spans []parity.Span, now time.Time) string {
	open := slices.DeleteFunc(slices.Clone(spans), parity.Span.Ended)
	longest, any := parity.Longest(open, now)
	if !any {
		return ""
	}
	text := "differ on " + pathsFromGateways(len(open))
	if length := longest.Length(now); length > 0 {
		text += ", the longest for " + format.Duration(length)
	}
	return text
}
