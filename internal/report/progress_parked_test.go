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

// Without that line, a wave seems to hang for as long as a gateway's clients stay connected.
func TestPodsThatWaitForTheirClientsAreShown(t *testing.T) {
	for _, c := range []struct {
		name    string
		parkMax time.Duration
		change  func(*mesh.Pod)
		want    string
		not     string
	}{
		{name: "two pods", parkMax: 2 * time.Hour, change: func(*mesh.Pod) {},
			want: "Deployment shop-web/web  2 old pods wait for their connections to end, until 14:01:00 at the latest"},
		{name: "one of them", parkMax: 2 * time.Hour, change: func(pod *mesh.Pod) { pod.Terminating = pod.Name == "web-1" },
			want: "Deployment shop-web/web  1 old pod waits for its connections to end, until 14:00:00 at the latest"},
		{name: "until another day", parkMax: 30 * time.Hour, change: func(*mesh.Pod) {}, want: "until 2026-03-03 18:01:00 at the latest"},
		{name: "not asked yet", change: func(pod *mesh.Pod) { pod.Swap.LeavingAt = time.Time{} },
			want: "Deployment shop-web/web  2 parked", not: "connections to end"},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := reporttest.LeavingGateway()
			o.Target.ParkMax = c.parkMax
			for i, wl := range o.World.Workloads {
				for j, pod := range wl.Pods {
					if pod.Swap.Place == mesh.Parked {
						c.change(&o.World.Workloads[i].Pods[j])
					}
				}
			}
			s := Status{Run: reporttest.Intent.Run, Intent: reporttest.Intent, At: reporttest.Noon, World: o.World, Target: o.Target,
				Ledger: o.Ledger, Left: o.Left}
			text := s.Text(format.Style{})
			if !strings.Contains(text, c.want) || c.not != "" && strings.Contains(text, c.not) {
				t.Errorf("want %q and not %q in:\n%s", c.want, c.not, text)
			}
		})
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
