// SPDX-License-Identifier: Apache-2.0

package report

import (
	"testing"
	"time"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/plan/baseline"
	"github.com/rerig/rerig/internal/report/format"
	"github.com/rerig/rerig/internal/step"
)

var intent = step.Intent{Run: "to-1-31-0", Revision: "1-31-0", Version: "1.31.0", Installable: true,
	Parallel: 4, ReadyTimeout: 10 * time.Minute, Soak: time.Minute, WaveCount: 3}

func TestProposal(t *testing.T) {
	w := shop()
	w.CRDInstalled = false
	p := proposal(t, w, intent, step.Ledger{})
	p.Installer = &Installer{By: "/usr/local/bin/istioctl, version 1.31.0", From: "canary.yaml",
		LeftOut: []Remark{{"Deployment istio-system/istio-ingressgateway", "istioctl would replace it in place, at once"}}}
	for _, name := range []string{"a", "b", "c", "d", "e", "f"} {
		p.Installer.InPlace = append(p.Installer.InPlace, Remark{"CustomResourceDefinition " + name + ".istio.io", "now 1-29-1, version 1.29.1"})
	}
	golden(t, "plan-forward.txt", p.Text(format.Style{}))
	golden(t, "plan-forward-80.txt", p.Text(format.Style{Width: 80}))
	text, err := JSON(p.Object())
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "plan-forward.json", text)
}

func TestProposalBackAndDone(t *testing.T) {
	w, l := finished(t)
	back := intent
	back.Rollback = true
	golden(t, "plan-back.txt", proposal(t, w, back, l).Text(format.Style{}))
	golden(t, "plan-done.txt", proposal(t, w, intent, l).Text(format.Style{}))
}

func proposal(t *testing.T, w mesh.World, in step.Intent, l step.Ledger) Proposal {
	t.Helper()
	target, err := plan.ResolveTarget(w, in, l)
	if err != nil {
		t.Fatal(err)
	}
	return Proposal{Run: in.Run, Plan: plan.Make(w, target, l), World: w, Intent: in}
}

// finished carries the whole upgrade out, by prediction: each step two seconds
// after the one before.
func finished(t *testing.T) (mesh.World, step.Ledger) {
	t.Helper()
	w := shop()
	target, err := plan.ResolveTarget(w, intent, step.Ledger{})
	if err != nil {
		t.Fatal(err)
	}
	l := step.Ledger{Baseline: baseline.New(w, step.Intent{Revision: "1-31-0"}, []string{"shop-data", "shop-web"}), Started: noon}
	for _, g := range target.Waves {
		l.Waves = append(l.Waves, g.Namespaces)
	}
	now := noon
	for range 100 {
		left := plan.Steps(w, target, l)
		if len(left) == 0 {
			l.Ended = now
			return w, l
		}
		now = now.Add(2 * time.Second)
		w, l = plan.Simulate(w, target, l, left[0].Steps[0], now)
	}
	t.Fatal("the plan does not end")
	return w, l
}
