// SPDX-License-Identifier: Apache-2.0

package report

import (
	"slices"
	"strings"
	"testing"

	"github.com/rerig/rerig/internal/engine"
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/report/format"
)

// set puts the first n pods of a workload on a revision.
func set(w *mesh.World, key, revision string, n int) {
	for i, wl := range w.Workloads {
		if wl.Key() == key {
			w.Workloads[i].Pods = slices.Clone(wl.Pods)
			for j := range n {
				w.Workloads[i].Pods[j].Sidecar.Revision = revision
			}
		}
	}
}

// A page counts what stays, instead of speaking of whole namespaces.
func TestTheHeadlineCountsWhatStays(t *testing.T) {
	w, l := finished(t)
	page := func() string {
		target, err := plan.ResolveTarget(w, intent, l)
		if err != nil {
			t.Fatal(err)
		}
		return Summary{Run: intent.Run, Outcome: engine.Completed, Intent: intent, World: w, Target: target, Ledger: l, Began: noon, Ended: l.Ended}.Text(format.Style{})
	}
	if text := page(); !strings.Contains(text, "is complete: 2 namespaces are on revision 1-31-0, proven on the wire.\n") || strings.Contains(text, "the same command again") {
		t.Errorf("nothing stays:\n%s", text)
	}
	set(&w, "Deployment shop-web/cart", "1-29-1", 1)
	text := page()
	for _, says := range []string{"is complete: what was to move is on revision 1-31-0, proven on the wire; 1 workload stays where it was, see below.\n",
		"the same command again    move Deployment shop-web/cart as well"} {
		if !strings.Contains(text, says) {
			t.Errorf("it does not say %q:\n%s", says, text)
		}
	}
}

// After the way back what is not as it was found is named, whoever moved it.
func TestThePageNamesWhatIsNotAsFound(t *testing.T) {
	w, l := finished(t)
	back := intent
	back.Rollback = true
	target := plan.RollbackTarget(back, l, 0)
	for range 100 {
		left := plan.Steps(w, target, l)
		if len(left) == 0 {
			break
		}
		w, l = plan.Simulate(w, target, l, left[0].Steps[0], noon)
	}
	page := func() string {
		return Summary{Run: intent.Run, Outcome: engine.RolledBack, Intent: back, World: w, Target: target, Ledger: l, Began: noon, Ended: noon}.Text(format.Style{})
	}
	if text := page(); !strings.Contains(text, "is rolled back: everything is as it was found before it, proven on the wire.\n") || strings.Contains(text, "NOT AS FOUND") {
		t.Errorf("all is back:\n%s", text)
	}
	set(&w, "Deployment istio-ingress/gateway", "1-31-0", 2)
	set(&w, "Deployment shop-web/web", "1-31-0", 2)
	text := page()
	for _, says := range []string{"is rolled back: what was to go back is back, proven on the wire; 2 things are not as they were found before the run, see below.\n",
		"NOT AS FOUND                      BEFORE  NOW\nDeployment istio-ingress/gateway  1-29-1  1-31-0\nDeployment shop-web/web           1-29-1  1-31-0\n"} {
		if !strings.Contains(text, says) {
			t.Errorf("it does not say %q:\n%s", says, text)
		}
	}
}

// The control plane that a way back leaves is unused only where nobody else is
// connected to it.
func TestThePlanSaysWhoGoesOnUsingTheRevision(t *testing.T) {
	w, l := finished(t)
	back := intent
	back.Rollback = true
	connect := func(pod, namespace string) {
		w.Proxies = append(w.Proxies, mesh.Proxy{Namespace: namespace, Pod: pod, Istiod: "istiod-1-31-0", Revision: "1-31-0"})
		w.Sort()
	}
	web, _ := w.Workload("Deployment shop-web/web")
	connect(web.Live()[0].Name, "shop-web")
	if text := proposal(t, w, back, l).Text(format.Style{}); !strings.Contains(text, "1-31-0 stays installed and unused.") {
		t.Errorf("what goes back uses nothing:\n%s", text)
	}
	gateway, _ := w.Workload("Deployment istio-ingress/gateway")
	connect(gateway.Live()[0].Name, "istio-ingress")
	connect("vm-1", "elsewhere")
	if text := proposal(t, w, back, l).Text(format.Style{}); !strings.Contains(text, "1-31-0 stays installed, and in use: 2 proxies connected to it are not taken back.") {
		t.Errorf("a gateway and a VM use it:\n%s", text)
	}
}
