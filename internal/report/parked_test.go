// SPDX-License-Identifier: Apache-2.0

package report

import (
	"strings"
	"testing"
	"time"

	"github.com/rerig/rerig/internal/engine"
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/report/format"
	"github.com/rerig/rerig/internal/step"
)

// swappedShop is the shop with its web swapped, two of its pods parked, in the
// soak of its wave.
func swappedShop(t *testing.T) (mesh.World, step.Target, step.Ledger) {
	t.Helper()
	w := shop()
	for i, wl := range w.Workloads {
		if wl.Name == "web" {
			w.Workloads[i].Services = []mesh.Service{{Name: "web", Selector: map[string]string{"app": "web"}}}
			w.Workloads[i].ReplicaSetHash = "t1"
		}
	}
	in := intent
	in.Policy.Strategy = step.BySwap
	in.Soak = 5 * time.Minute
	target, err := plan.ResolveTarget(w, in, step.Ledger{})
	if err != nil {
		t.Fatal(err)
	}
	l := plan.NewLedger(plan.Make(w, target, step.Ledger{}), noon)
	for {
		left := plan.Steps(w, target, l)
		if left[0].Kind == step.Soak && strings.Contains(left[0].Steps[0].Subject, "shop-web") {
			l.Soaking = map[string]time.Time{step.SoakKey(left[0].Wave, target.Revision): noon}
			return w, target, l
		}
		w, l = plan.Simulate(w, target, l, left[0].Steps[0], noon)
	}
}

// TestParkedIsSaid: while a wave soaks, the live view and the status say what is
// parked and until when; the way back says that the same pods return.
func TestParkedIsSaid(t *testing.T) {
	w, target, l := swappedShop(t)
	left := plan.Steps(w, target, l)
	f := frame{reasons: map[string]string{}, parallel: 4}
	f.take(engine.Event{Kind: engine.Observed, At: noon, Run: intent.Run, World: &w, Target: &target, Ledger: &l, Stages: left})
	shown := strings.Join(f.lines(format.Style{Width: 100}, 23, noon), "\n")
	if want := "Deployment shop-web/web   2/2  proven     2 parked until 12:05:00"; !strings.Contains(shown, want) {
		t.Errorf("no %q in\n%s", want, shown)
	}
	s := Status{Run: intent.Run, Intent: intent, Phase: "Soaking", At: noon, World: w, Target: target, Ledger: l, Left: left}
	for _, want := range []string{"2 parked until 12:05:00", "Nobody works on it. The command that began it, given again, goes on with it; `rerig rollback " + intent.Run + "`"} {
		if text := s.Text(format.Style{}); !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	back := plan.Make(w, plan.RollbackTarget(intent, l, 0), l)
	text := Proposal{Run: intent.Run, Plan: back, World: w, Intent: intent}.Text(format.Style{})
	for _, want := range []string{"its 2 parked pods take their places back", "the pods that stood in their places end", "the same pods that were parked take their places back"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	w.Proxies = nil // the prediction leaves them where they were
	for _, wl := range w.Workloads {
		for _, pod := range wl.Live() {
			w.Proxies = append(w.Proxies, mesh.Proxy{Namespace: wl.Namespace, Pod: pod.Name, Istiod: "istiod-" + pod.Sidecar.Revision, Revision: pod.Sidecar.Revision})
		}
	}
	inv := InventoryOf(w)
	for _, truths := range inv.Workloads {
		if truths.Name == "web" && (len(truths.Findings) > 0 || len(truths.Remarks) != 1) {
			t.Errorf("what is parked disagrees: %v, %v", truths.Findings, truths.Remarks)
		}
	}
	if text := inv.Text(format.Style{}); !strings.Contains(text, "  Deployment shop-web/web: a swap has pods of it in hand (2 parked") || !strings.Contains(text, "labels, webhooks, pods and wire agree.") {
		t.Errorf("it is not said, or marked:\n%s", text)
	}
}
