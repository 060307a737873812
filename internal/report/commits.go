// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"

	"github.com/rerig/rerig/internal/report/format"
	"github.com/rerig/rerig/internal/step"
)

// commits says in a live view what somebody else has to commit before the run
// goes on, wrapped and whole: it is copied from there. What takes more than half
// of the room is counted.
func (f frame) commits(p format.Style, room int) []string {
	var lines []string
	list := step.Commits(f.left)
	for i, text := range list {
		wrapped := p.Wrap("  waits: ", text)
		if i > 0 && len(lines)+len(wrapped) > room/2 {
			lines = append(lines, fmt.Sprintf("  and %s more to commit: `rerig status %s` lists them", format.Count(len(list)-i, "namespace"), f.run))
			break
		}
		lines = append(lines, wrapped...)
	}
	for i := range lines {
		lines[i] = p.Paint(format.Warn, lines[i])
	}
	return lines
}
