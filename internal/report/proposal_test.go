// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"strings"
	"testing"

	"github.com/rerig/rerig/internal/command"
	"github.com/rerig/rerig/internal/engine"
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/report/format"
	"github.com/rerig/rerig/internal/report/reporttest"
	"github.com/rerig/rerig/internal/step"
)

func TestProposal(t *testing.T) {
	w := reporttest.Mesh()
	w.CRDInstalled = false
	p := proposal(t, w, reporttest.Intent, step.Ledger{})
	p.Installer = &Installer{
		By: "/usr/local/bin/istioctl, version 1.31.0", From: "canary.yaml",
		LeftOut: []Remark{{Subject: "Deployment istio-system/istio-ingressgateway", Reason: "istioctl would replace it in place, at once"}},
	}
	for _, name := range []string{"a", "b", "c", "d", "e", "f"} {
		remark := Remark{Subject: "CustomResourceDefinition " + name + ".istio.io", Reason: "now 1-29-1, version 1.29.1"}
		p.Installer.InPlace = append(p.Installer.InPlace, remark)
	}
	golden(t, "plan-forward.txt", p.Text(format.Style{}))
	golden(t, "plan-forward-80.txt", p.Text(format.Style{Width: 80}))
	fitsTerminal(t, p.Text(format.Style{Width: 80}))
	text, err := JSON(p.Object(), command.Flags{})
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "plan-forward.json", text)
}

func TestProposalOfRollbackAndFinishedRun(t *testing.T) {
	o := finished()
	golden(t, "plan-back.txt", proposal(t, o.World, rollback(), o.Ledger).Text(format.Style{}))
	fitsTerminal(t, proposal(t, o.World, rollback(), o.Ledger).Text(format.Style{Width: 80}))
	golden(t, "plan-done.txt", proposal(t, o.World, reporttest.Intent, o.Ledger).Text(format.Style{}))
}

func proposal(t *testing.T, w mesh.World, in step.Intent, l step.Ledger) Proposal {
	t.Helper()
	target, err := plan.ResolveTarget(w, in, l)
	if err != nil {
		t.Fatal(err)
	}
	return Proposal{Run: in.Run, Plan: plan.Make(w, target, l), World: w, Intent: in}
}

// finished is a finished upgrade.
func finished() reporttest.Observation {
	o := reporttest.Start(reporttest.Mesh(), reporttest.Intent)
	o.Finish()
	return o
}

// rollback is the rollback of that upgrade.
func rollback() step.Intent {
	in := reporttest.Intent
	in.Rollback = true
	return in
}

// summaryOf is the summary of an upgrade that ended.
func summaryOf(o reporttest.Observation) Summary {
	return Summary{
		Run: reporttest.Intent.Run, Outcome: engine.Completed, Intent: reporttest.Intent, World: o.World, Target: o.Target,
		Ledger: o.Ledger, Left: o.Left, Began: reporttest.Noon, Ended: o.At,
	}
}

// maxLines is how long a plan or a summary of 500 workloads may be.
const maxLines = 120

func TestPlanOfLargeMeshIsShort(t *testing.T) {
	w := reporttest.Large(500)
	in := reporttest.Intent
	for _, c := range []struct {
		name  string
		waves int
	}{{name: "3 waves", waves: 3}, {name: "50 waves", waves: 50}} {
		t.Run(c.name, func(t *testing.T) {
			in.WaveCount = c.waves
			p := proposal(t, w, in, step.Ledger{})
			text := p.Text(format.Style{})
			if n := strings.Count(text, "\n"); n > maxLines {
				t.Errorf("lines: got %d, want at most %d", n, maxLines)
			}
			golden(t, fmt.Sprintf("plan-large-%d-waves.txt", c.waves), text)
			fitsTerminal(t, p.Text(format.Style{Width: 80}))
			details := p.Text(format.Style{Details: true})
			for _, c := range p.Plan.Decisions {
				if !strings.Contains(details, string(c.Workload)) {
					t.Errorf("--details does not list %s", string(c.Workload))
				}
			}
		})
	}
}

func TestPlanCountsEveryChangeOfTheDigest(t *testing.T) {
	w := reporttest.Large(500)
	p := proposal(t, w, reporttest.Intent, step.Ledger{})
	total := 0
	for _, kind := range step.Kinds() {
		if vocabulary[kind].counted[0] != "" {
			total += p.changesByKind()[kind]
		}
	}
	if want := len(step.Writes(p.Plan.Stages)); total != want {
		t.Errorf("counted changes: got %d, want %d", total, want)
	}
	if want := format.Count(total, "change") + ": "; !strings.Contains(p.Text(format.Style{}), want) {
		t.Errorf("totals: want %q", want)
	}
}

func TestSectionsHaveOneHeadingEach(t *testing.T) {
	w := reporttest.Mesh()
	for i := range 3 {
		wl := mesh.Workload{Kind: mesh.Deployment, Namespace: "shop-web", Name: fmt.Sprintf("fast-%d", i)}
		wl.Template.Containers = []mesh.Container{{Name: "app"}}
		reporttest.Add(&w, wl, 1, "1-29-1", "1.29.1")
	}
	w.Sort()
	p := proposal(t, w, reporttest.Intent, step.Ledger{})
	for i := range p.Plan.Notes { // every second one with a text of its own
		p.Plan.Notes[i].Text += fmt.Sprint(i % 2)
	}
	text := p.Text(format.Style{})
	for _, s := range noteSections {
		if n := strings.Count(text, "\n"+s.heading); n > 1 {
			t.Errorf("heading %q: got %d times, want once:\n%s", s.heading, n, text)
		}
	}
	if !strings.Contains(text, "\nMay lose requests (4)\n") {
		t.Errorf("want a count in the heading:\n%s", text)
	}
}

// A removal that is asked for after the run lists no restart: what it would explain has been moved.
func TestPlanOfALaterRemoval(t *testing.T) {
	o := finished()
	for _, c := range []mesh.Component{
		{Kind: "Deployment", Namespace: "istio-system", Name: "istiod-1-29-1"},
		{Kind: "Service", Namespace: "istio-system", Name: "istiod-1-29-1"},
	} {
		c.Revision, c.IstioComponent, c.UID = "1-29-1", "Pilot", c.Kind+"-uid"
		o.World.Components = append(o.World.Components, c)
	}
	in := reporttest.Intent
	in.Remove = true
	golden(t, "plan-remove-later.txt", proposal(t, o.World, in, o.Ledger).Text(format.Style{}))
}

// A plan that continues a run explains the moves that are left.
func TestStrategiesOfARunThatContinues(t *testing.T) {
	o := reporttest.Start(reporttest.Mesh(), reporttest.Intent)
	for o.Left[0].Wave != 2 {
		o.Advance()
	}
	_, strategies, _ := strings.Cut(proposal(t, o.World, reporttest.Intent, o.Ledger).Text(format.Style{}), "\nStrategies\n")
	if strings.Contains(strategies, "shop-data/db: rolling restart") || !strings.Contains(strategies, "shop-web/web: rolling restart") {
		t.Errorf("want the strategy of shop-web/web and not of shop-data/db in:\n%s", strategies)
	}
}

func TestManyRestoredLabelsShareALine(t *testing.T) {
	var steps []step.Step
	for i := range 25 {
		steps = append(steps, step.Step{
			Kind: step.RestoreLabel, Subject: step.Subject(fmt.Sprintf("team-%02d", i)), From: "istio.io/rev=1-31-0", To: "istio.io/rev=prod",
		})
	}
	p := Proposal{Plan: plan.Plan{Stages: []step.Stage{{Kind: step.RestoreLabel, Steps: steps}}}}
	want := "  restore  labels of 25 namespaces: istio.io/rev=1-31-0 -> istio.io/rev=prod\n"
	if got := p.Text(format.Style{}); !strings.Contains(got, want) {
		t.Errorf("want %q in:\n%s", want, got)
	}
	if got := p.Text(format.Style{Details: true}); !strings.Contains(got, "Namespace team-24") {
		t.Errorf("with details: want each namespace in:\n%s", got)
	}
}
