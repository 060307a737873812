// SPDX-License-Identifier: Apache-2.0

package report

import (
	"strings"
	"testing"
	"time"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/report/format"
	"github.com/rerig/rerig/internal/report/reporttest"
	"github.com/rerig/rerig/internal/step"
)

// swapped is a run in the soak of its wave, with two parked pods of one workload.
func swapped(t *testing.T) reporttest.Observation {
	t.Helper()
	w := reporttest.Mesh()
	for i, wl := range w.Workloads {
		if wl.Name == "web" {
			w.Workloads[i].Services = []mesh.Service{{Name: "web", Selector: map[string]string{"app": "web"}}}
			w.Workloads[i].ReplicaSetHash = "t1"
		}
	}
	in := reporttest.Intent
	in.Policy.Strategy = step.BySwap
	in.Soak = 5 * time.Minute
	o := reporttest.Start(w, in)
	for o.Left[0].Kind != step.Soak || !strings.Contains(string(o.Left[0].Steps[0].Subject), "shop-web") {
		o.Advance()
	}
	o.Ledger.Soaking = map[step.VerdictKey]time.Time{step.SoakKey(o.Left[0].Wave, o.Target.Revision): reporttest.Noon}
	return o
}

func TestStatusTellsHowLongPodsStayParked(t *testing.T) {
	o := swapped(t)
	s := Status{
		Run: reporttest.Intent.Run, Intent: reporttest.Intent, Phase: "Soaking", At: reporttest.Noon,
		World: o.World, Target: o.Target, Ledger: o.Ledger, Left: o.Left,
	}
	text := s.Text(format.Style{})
	for _, want := range []string{
		"Deployment shop-web/web  2 parked until 12:05:00",
		"No process works on this run. The same command as before continues it; `rerig rollback to-1-31-0`",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("want %q in:\n%s", want, text)
		}
	}
}

func TestRollbackPlanReturnsParkedPods(t *testing.T) {
	o := swapped(t)
	back := plan.Make(o.World, plan.RollbackTarget(reporttest.Intent, o.Ledger, 0), o.Ledger)
	text := Proposal{Run: reporttest.Intent.Run, Plan: back, World: o.World, Intent: reporttest.Intent}.Text(format.Style{})
	for _, want := range []string{"its 2 parked pods return", "delete   pods that the returning ones replace"} {
		if !strings.Contains(text, want) {
			t.Errorf("want %q in:\n%s", want, text)
		}
	}
}

func TestParkedPodsAreNoDisagreement(t *testing.T) {
	w := swapped(t).World
	w.Proxies = nil // the simulation leaves them connected to the old revision
	for _, wl := range w.Workloads {
		for _, pod := range wl.Live() {
			w.Proxies = append(w.Proxies, mesh.Proxy{
				Namespace: wl.Namespace, Pod: pod.Name, Istiod: "istiod-" + pod.Sidecar.Revision, Revision: pod.Sidecar.Revision,
			})
		}
	}
	inv := InventoryOf(w)
	for _, wl := range inv.Workloads {
		if wl.Name == "web" && (len(wl.Findings) > 0 || len(wl.Remarks) != 1) {
			t.Errorf("got findings %v and remarks %v, want one remark", wl.Findings, wl.Remarks)
		}
	}
	text := inv.Text(format.Style{})
	for _, want := range []string{
		"  Deployment shop-web/web: a swap is in progress (2 parked", "labels, webhooks, sidecars and connections agree.",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("want %q in:\n%s", want, text)
		}
	}
}
