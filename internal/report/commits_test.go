// SPDX-License-Identifier: Apache-2.0

package report

import (
	"strings"
	"testing"

	"github.com/rerig/rerig/internal/engine"
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/report/format"
	"github.com/rerig/rerig/internal/step"
)

// TestCommitsAreSaid: what somebody else has to commit is in the live view and in
// the status, whole, for labels of a wave and for those that are given back.
func TestCommitsAreSaid(t *testing.T) {
	w := shop()
	l := step.Ledger{}
	target := step.Target{Revision: "1-31-0", Run: intent.Run, Waves: []step.Wave{{Number: 1, Namespaces: []string{"shop-web"}}}}
	w.Namespaces[1].Labels = map[string]string{mesh.RevisionLabel: "1-31-0"}
	for _, stage := range []step.Stage{
		{Wave: 1, Kind: step.Label, Steps: []step.Step{{Kind: step.Label, Wave: 1, Subject: "shop-web", From: "istio-injection=enabled", To: "istio.io/rev=1-31-0", By: "Argo CD application shop"}}},
		{Kind: step.RestoreLabel, Steps: []step.Step{{Kind: step.RestoreLabel, Subject: "shop-web", From: "istio.io/rev=1-31-0", To: "istio-injection=enabled", By: "Argo CD application shop"}}},
	} {
		left := []step.Stage{stage}
		f := frame{reasons: map[string]string{}, parallel: 4}
		f.take(engine.Event{Kind: engine.Observed, At: noon, Run: intent.Run, World: &w, Target: &target, Ledger: &l, Stages: left})
		shown := f.lines(format.Style{Width: 79}, 23, noon)
		for _, line := range shown {
			if format.Width(line) > 79 {
				t.Errorf("%d columns: %s", format.Width(line), line)
			}
		}
		want := stage.Steps[0].ToCommit()
		if whole := strings.Join(strings.Fields(strings.Join(shown, " ")), " "); !strings.Contains(whole, want) || strings.Contains(whole, "is judged") {
			t.Errorf("no %q in\n%s", want, strings.Join(shown, "\n"))
		}
		s := Status{Run: intent.Run, Intent: intent, Phase: "Upgrading", Message: "waits: " + want, Holder: "host-1", At: noon, World: w, Target: target, Ledger: l, Left: left}
		if text := s.Text(format.Style{}); strings.Count(text, want) != 1 {
			t.Errorf("not once %q in\n%s", want, text)
		}
	}
}
