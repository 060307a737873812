// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"fmt"
	"strings"
	"testing"

	"github.com/rerig/rerig/internal/step"
)

func TestHoldListsSomeChangesAndCountsTheRest(t *testing.T) {
	t.Parallel()
	var unapproved []step.Step
	for i := range 1000 {
		subject := step.Subject(fmt.Sprintf("Deployment a/w%d", i))
		unapproved = append(unapproved, step.Step{Kind: step.Restart, Subject: subject, From: "1-29-1", To: "1-31-0"})
	}
	m := planChangedHold(unapproved).Message
	if len(m) > 600 || !strings.Contains(m, "a/w0:") || !strings.HasSuffix(m, "; and 992 more") {
		t.Errorf("got %d characters, want a list of some and a count of the others: %s", len(m), m)
	}
	if m := planChangedHold(unapproved[:1]).Message; strings.Contains(m, "more") {
		t.Errorf("got a count of others for one step: %s", m)
	}
}
