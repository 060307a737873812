// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"testing"

	"github.com/rerig/rerig/internal/step"
)

// What is left of a workload with sidecars of several revisions was agreed to with
// the whole; what starts elsewhere, or ends elsewhere, was not.
func TestAPartOfWhatWasAgreedToIsCovered(t *testing.T) {
	agreed := step.Step{Kind: step.EvictPods, Wave: 2, Subject: "StatefulSet b/x", From: "1-28-0+1-29-1", To: "1-31-0", API: "v1"}
	changed := func(change func(*step.Step)) step.Step {
		s := agreed
		s.From = "1-29-1"
		change(&s)
		return s
	}
	for name, c := range map[string]struct {
		step step.Step
		want bool
	}{
		"those of one revision have moved":  {changed(func(*step.Step) {}), true},
		"of the other":                      {changed(func(s *step.Step) { s.From = "1-28-0" }), true},
		"one came from a third":             {changed(func(s *step.Step) { s.From = "1-29-1+1-30-0" }), false},
		"another way":                       {changed(func(s *step.Step) { s.Kind = step.Restart }), false},
		"another wave":                      {changed(func(s *step.Step) { s.Wave = 1 }), false},
		"another workload":                  {changed(func(s *step.Step) { s.Subject = "StatefulSet b/y" }), false},
		"another end":                       {changed(func(s *step.Step) { s.To = "1-32-0" }), false},
		"another API":                       {changed(func(s *step.Step) { s.API = "v2" }), false},
		"its template is to be pinned also": {changed(func(s *step.Step) { s.TemplateLabel = "1-31-0" }), false},
	} {
		if got := isApproved(byKind[c.step.Kind], c.step, []step.Step{agreed}); got != c.want {
			t.Errorf("%s: covered is %t", name, got)
		}
	}
	agreed.Kind = step.Restart
	now := changed(func(*step.Step) {})
	if !isApproved(byKind[now.Kind], now, []step.Step{agreed}) {
		t.Error("a restart of what is left is not covered")
	}
}
