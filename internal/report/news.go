// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/rerig/rerig/internal/engine"
)

// news lets through what has not been told before: a run looks once a second,
// and mostly finds what it found the second before.
type news struct{ told map[string]string }

// fresh reports whether an event is worth a line.
func (n *news) fresh(e engine.Event) bool {
	switch e.Kind {
	case engine.Observed:
		return false
	case engine.Waiting:
		return n.differs("waiting "+e.Step.Subject, e.Verdict.Check+e.Verdict.Reason)
	case engine.Soaking:
		return n.differs(fmt.Sprintf("soaking %d", e.Step.Wave), e.Until.Format(time.TimeOnly))
	case InstallerOutput:
		return strings.ContainsFunc(e.Message, unicode.IsLetter) // istioctl paints, too
	case engine.Retrying:
		return n.differs("troubled", e.Message)
	}
	delete(n.told, "troubled")
	return true
}

func (n *news) differs(key, text string) bool {
	if n.told == nil {
		n.told = map[string]string{}
	}
	if n.told[key] == text {
		return false
	}
	n.told[key] = text
	return true
}
