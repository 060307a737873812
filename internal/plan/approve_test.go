// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"testing"

	"github.com/rerig/rerig/internal/step"
)

// A part of an approved step is approved: the same workload with fewer old revisions. A step
// that starts or ends on another revision is not.
func TestPartOfAnApprovedStepIsApproved(t *testing.T) {
	agreed := step.Step{Kind: step.EvictPods, Wave: 2, Subject: "StatefulSet b/x", From: "1-28-0+1-29-1", To: "1-31-0", API: "v1"}
	changed := func(change func(*step.Step)) step.Step {
		s := agreed
		s.From = "1-29-1"
		change(&s)
		return s
	}
	for _, c := range []struct {
		name string
		step step.Step
		want bool
	}{
		{name: "pods of one revision remain", step: changed(func(*step.Step) {}), want: true},
		{name: "pods of the other revision remain", step: changed(func(s *step.Step) { s.From = "1-28-0" }), want: true},
		{name: "pods of a third revision", step: changed(func(s *step.Step) { s.From = "1-29-1+1-30-0" })},
		{name: "another kind", step: changed(func(s *step.Step) { s.Kind = step.Restart })},
		{name: "another wave", step: changed(func(s *step.Step) { s.Wave = 1 })},
		{name: "another workload", step: changed(func(s *step.Step) { s.Subject = "StatefulSet b/y" })},
		{name: "another target", step: changed(func(s *step.Step) { s.To = "1-32-0" })},
		{name: "another API", step: changed(func(s *step.Step) { s.API = "v2" })},
		{name: "with a template label", step: changed(func(s *step.Step) { s.TemplateLabel = "1-31-0" })},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := isApproved(byKind[c.step.Kind], c.step, []step.Step{agreed}); got != c.want {
				t.Errorf("approved: got %t, want %t", got, c.want)
			}
		})
	}
	agreed.Kind = step.Restart
	now := changed(func(*step.Step) {})
	if !isApproved(byKind[now.Kind], now, []step.Step{agreed}) {
		t.Error("restart of the remaining pods: got not approved, want approved")
	}
}
