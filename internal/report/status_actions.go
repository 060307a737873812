// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"

	"github.com/rerig/rerig/internal/report/format"
	"github.com/rerig/rerig/internal/step"
)

// actions list what people have to do before the run goes on, and what of it is not
// known.
func (s Status) actions(style format.Style) []string {
	var lines []string
	if s.Ledger.Held == nil { // a hold has its own hint
		for _, text := range step.Commits(s.Left) {
			lines = append(lines, style.Wrap("Waiting       ", text)...)
		}
	}
	abandoned := s.LeaseHolder == "" && !s.LeaseUnreadable && !s.Unapproved && s.Ledger.Held == nil
	if abandoned && len(s.Left) > 0 && !s.ended() {
		lines = append(lines, style.Wrap("What to do    ", "No process works on this run. "+s.howToContinue())...)
	}
	if s.Gone != nil {
		lines = append(lines, style.Wrap("Missing       ", s.Gone.Found())...)
	}
	if s.UnreadRemoval != "" {
		lines = append(lines, style.Wrap("Unknown       ", "objects of the old revision that will be removed: "+s.UnreadRemoval)...)
	}
	return lines
}

// ended reports whether the run came to its end; what is left of it then came later.
func (s Status) ended() bool {
	return !s.Ledger.Ended.IsZero() && s.Ledger.RollbackApproved == s.Intent.Rollback
}

func (s Status) howToContinue() string {
	switch {
	case s.Intent.Rollback:
		return fmt.Sprintf("`rerig rollback %s` continues it.", s.Run)
	case s.Gone != nil:
		return s.Gone.Advice()
	}
	return fmt.Sprintf("The same command as before continues it; `rerig rollback %s` restores the state before the run.", s.Run)
}
