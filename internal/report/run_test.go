// SPDX-License-Identifier: Apache-2.0

package report

import (
	"strings"
	"testing"

	"github.com/rerig/rerig/internal/command"
	"github.com/rerig/rerig/internal/engine"
	"github.com/rerig/rerig/internal/plan"
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
	fitsTerminal(t, summary.Text(format.Style{Details: true, Width: 80}))
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
		Reason: "CheckFailed", Subject: "Deployment shop-web/web", Check: "configuration-accepted", Wave: 2,
		Message: "the proxy of pod web-0 refused the LDS that istiod istiod-1-31-0-6c9f-x2v sent: duplicate listener",
		Hint:    "Look for an EnvoyFilter that this Istio version turns into something the proxy rejects.",
	}
	golden(t, "summary-held.txt", summary.Text(format.Style{Width: 80}))
	fitsTerminal(t, summary.Text(format.Style{Width: 80}))
}

// A workload whose turn has not come waits for its wave; one at which the run stopped is not verified.
func TestSummaryNamesTheWaveThatIsWaitedFor(t *testing.T) {
	held := func(kind step.Kind, subject step.Subject) Summary {
		o := reporttest.Start(reporttest.Mesh(), reporttest.Intent)
		for o.Left[0].Kind != kind || o.Left[0].Steps[0].Subject != subject {
			o.Advance()
		}
		o.Ledger.Held = &step.Hold{Reason: step.ReasonTimedOut, Subject: string(subject), Wave: o.Left[0].Wave}
		g := summaryOf(o)
		g.Outcome = engine.Held
		return g
	}
	for _, c := range []struct {
		name    string
		summary Summary
		want    []string
	}{
		{name: "held in wave 1", summary: held(step.Verify, "StatefulSet shop-data/db"), want: []string{
			"3 workloads: 2 whose wave has not begun, 1 not verified\n",
			"StatefulSet shop-data/db  1-29-1  1-31-0  3/3   not verified\n" +
				"Deployment shop-web/cart  1-29-1  1-29-1  2/2   waits for wave 2\n",
		}},
		{name: "held before the waves", summary: held(step.Validate, "1-31-0"), want: []string{
			"3 workloads: 3 whose wave has not begun\n", "StatefulSet shop-data/db  1-29-1  1-29-1  3/3   waits for wave 1\n",
		}},
		{name: "held in wave 2", summary: held(step.Verify, "Deployment shop-web/cart"), want: []string{
			"3 workloads: 1 verified, 2 not verified\n",
		}},
		{name: "wave 1 rolled back", summary: summaryOfRevertedFirstWave(), want: []string{
			"3 workloads: 1 verified, 2 whose wave has not begun\n", "Deployment shop-web/web   1-29-1  1-29-1  2/2   waits for wave 2\n",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := c.summary.Text(format.Style{})
			for _, want := range c.want {
				if !strings.Contains(text, want) {
					t.Errorf("want %q in:\n%s", want, text)
				}
			}
		})
	}
}

// summaryOfRevertedFirstWave is the summary of a run whose first wave failed and was rolled back.
func summaryOfRevertedFirstWave() Summary {
	o := reporttest.Start(reporttest.Mesh(), reporttest.Intent)
	for o.Left[0].Kind != step.Verify {
		o.Advance()
	}
	o.Ledger.Revert = 1
	o.Target = plan.RollbackTarget(reporttest.Intent, o.Ledger, 1)
	o.Left = plan.Steps(o.World, o.Target, o.Ledger)
	o.Finish()
	o.Ledger.Held = &step.Hold{Reason: step.ReasonWaveReverted, Wave: 1}
	g := summaryOf(o)
	g.Outcome = engine.Held
	return g
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
	fitsTerminal(t, s.Text(format.Style{Width: 80}))
}
