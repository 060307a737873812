// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"

	"github.com/rerig/rerig/internal/report/format"
	"github.com/rerig/rerig/internal/step"
)

// waits says what has to be done by people before the run goes on: what is to be
// committed, and that nobody works on it.
func (s Status) waits(p format.Style) []string {
	var lines []string
	if s.Ledger.Held == nil { // the hold says what it is held for
		for _, text := range step.Commits(s.Left) {
			lines = append(lines, p.Wrap("Waits         ", text)...)
		}
	}
	if s.Holder == "" && !s.HolderUnknown && !s.Unapproved && s.Ledger.Held == nil && len(s.Left) > 0 && !s.over() {
		lines = append(lines, p.Wrap("What to do    ", s.goOn())...)
	}
	if s.Gone != nil {
		lines = append(lines, p.Wrap("Not there     ", s.Gone.Found())...)
	}
	if s.UnreadRemoval != "" {
		lines = append(lines, p.Wrap("Not seen      ", "what the removal of the old revision takes, which is therefore not listed: "+s.UnreadRemoval)...)
	}
	return lines
}

// over reports whether the run came to its end; what is left of it then came later.
func (s Status) over() bool {
	return !s.Ledger.Ended.IsZero() && s.Ledger.RollbackApproved == s.Intent.Rollback
}

func (s Status) goOn() string {
	if s.Intent.Rollback {
		return fmt.Sprintf("Nobody works on it. `rerig rollback %s` goes on with it.", s.Run)
	}
	if s.Gone != nil {
		return "Nobody works on it. " + s.Gone.Advice()
	}
	return fmt.Sprintf("Nobody works on it. The command that began it, given again, goes on with it; `rerig rollback %s` takes everything back to what was found before.", s.Run)
}
