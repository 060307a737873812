// SPDX-License-Identifier: Apache-2.0

package report

import (
	"strings"
	"testing"

	"github.com/rerig/rerig/internal/command"
	"github.com/rerig/rerig/internal/engine"
	"github.com/rerig/rerig/internal/report/format"
	"github.com/rerig/rerig/internal/report/reporttest"
	"github.com/rerig/rerig/internal/step"
)

func TestLines(t *testing.T) {
	var b strings.Builder
	lines := &Lines{Out: &b}
	summary := summaryOf(reporttest.Run(lines.Report))
	golden(t, "run-lines.txt", b.String())
	golden(t, "summary-completed.txt", summary.Text(format.Style{}))
	golden(t, "summary-details.txt", summary.Text(format.Style{Details: true}))
}

func TestObjects(t *testing.T) {
	var b strings.Builder
	objects := &Objects{Out: &b}
	summary := summaryOf(reporttest.Run(objects.Report))
	golden(t, "run-events.jsonl", b.String())
	text, err := JSON(summary.Object(), command.Flags{})
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "summary-completed.json", text)
}

func TestSummaryOfHeldRun(t *testing.T) {
	summary := summaryOf(reporttest.Run(func(engine.Event) {}))
	summary.Outcome = engine.Held
	summary.Ledger.Held = &step.Hold{
		Reason: "CheckFailed", Subject: "Deployment shop-web/web", Wave: 2,
		Message: "the proxy of pod web-0 refused the LDS that istiod istiod-1-31-0-6c9f-x2v sent: duplicate listener",
		Hint:    "Look for an EnvoyFilter that this Istio version turns into something the proxy rejects.",
	}
	golden(t, "summary-held.txt", summary.Text(format.Style{Width: 80}))
}

func TestSummaryOfLargeMeshIsShort(t *testing.T) {
	o := reporttest.Start(reporttest.Large(500), reporttest.Intent)
	o.Finish()
	summary := summaryOf(o)
	text := summary.Text(format.Style{})
	if n := strings.Count(text, "\n"); n > maxLines {
		t.Errorf("lines: got %d, want at most %d", n, maxLines)
	}
	golden(t, "summary-large.txt", text)
	details := summary.Text(format.Style{Details: true})
	for _, wl := range o.World.Workloads {
		if !strings.Contains(details, string(wl.Ref())) {
			t.Errorf("--details does not list %s", wl.Ref())
		}
	}
}

func TestStatusOfLargeMeshIsShort(t *testing.T) {
	o := reporttest.Start(reporttest.Large(500), reporttest.Intent)
	for range 60 {
		o.Advance()
	}
	s := Status{
		Run: reporttest.Intent.Run, Intent: reporttest.Intent, Phase: "Upgrading", LeaseHolder: "host-1", At: o.At,
		World: o.World, Target: o.Target, Ledger: o.Ledger, Left: o.Left,
	}
	text := s.Text(format.Style{})
	if n := strings.Count(text, "\n"); n > maxLines {
		t.Errorf("lines: got %d, want at most %d", n, maxLines)
	}
	golden(t, "status-large.txt", text)
}
