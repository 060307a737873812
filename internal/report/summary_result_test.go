// SPDX-License-Identifier: Apache-2.0

package report

import (
	"slices"
	"strings"
	"testing"

	"github.com/rerig/rerig/internal/command"
	"github.com/rerig/rerig/internal/engine"
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/report/format"
)

// setRevision moves the first n pods of a workload to a revision.
func setRevision(w *mesh.World, key, revision string, n int) {
	for i, wl := range w.Workloads {
		if string(wl.Ref()) == key {
			w.Workloads[i].Pods = slices.Clone(wl.Pods)
			for j := range n {
				w.Workloads[i].Pods[j].Sidecar.Revision = revision
			}
		}
	}
}

func TestHeadlineCountsStayingWorkloads(t *testing.T) {
	o := finished()
	want := "is complete: 2 namespaces are on revision 1-31-0 and verified.\n"
	if text := summaryOf(o).Text(format.Style{}); !strings.Contains(text, want) || strings.Contains(text, "the same command again") {
		t.Errorf("got a workload that stays, want none:\n%s", text)
	}
	setRevision(&o.World, "Deployment shop-web/cart", "1-29-1", 1)
	text := summaryOf(o).Text(format.Style{})
	for _, want := range []string{
		"is complete: all moved workloads are on revision 1-31-0 and verified; 1 workload stays on another revision, see below.\n",
		"the same command again    move Deployment shop-web/cart as well",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("want %q in:\n%s", want, text)
		}
	}
}

func TestRollbackNamesDifferencesFromBaseline(t *testing.T) {
	o := finished()
	o.Target = plan.RollbackTarget(rollback(), o.Ledger, 0)
	o.Left = plan.Steps(o.World, o.Target, o.Ledger)
	o.Finish()
	summary := func() string {
		g := summaryOf(o)
		g.Outcome, g.Intent = engine.RolledBack, rollback()
		return g.Text(format.Style{})
	}
	if text := summary(); !strings.Contains(text, "is rolled back: everything is as before the run, and verified.\n") ||
		strings.Contains(text, "DIFFERENCE") {
		t.Errorf("got a difference, want none:\n%s", text)
	}
	setRevision(&o.World, "Deployment istio-ingress/gateway", "1-31-0", 2)
	setRevision(&o.World, "Deployment shop-web/web", "1-31-0", 2)
	text := summary()
	for _, want := range []string{
		"is rolled back: all moved workloads are rolled back and verified; 2 differences from before the run, see below.\n",
		"DIFFERENCE                        BEFORE  NOW\nDeployment istio-ingress/gateway  1-29-1  1-31-0\n" +
			"Deployment shop-web/web           1-29-1  1-31-0\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("want %q in:\n%s", want, text)
		}
	}
}

func TestRollbackPlanTellsWhoUsesTheRevision(t *testing.T) {
	o := finished()
	connect := func(pod, namespace string) {
		o.World.Proxies = append(o.World.Proxies, mesh.Proxy{Namespace: namespace, Pod: pod, Istiod: "istiod-1-31-0", Revision: "1-31-0"})
		o.World.Sort()
	}
	text := func() string { return proposal(t, o.World, rollback(), o.Ledger).Text(format.Style{}) }
	web, _ := o.World.Workload("Deployment shop-web/web")
	connect(web.Live()[0].Name, "shop-web")
	if got, want := text(), "1-31-0 stays installed and unused."; !strings.Contains(got, want) {
		t.Errorf("want %q in:\n%s", want, got)
	}
	gateway, _ := o.World.Workload("Deployment istio-ingress/gateway")
	connect(gateway.Live()[0].Name, "istio-ingress")
	connect("vm-1", "elsewhere")
	if got, want := text(), "1-31-0 stays installed and in use: 2 proxies connected to it are not rolled back."; !strings.Contains(got, want) {
		t.Errorf("want %q in:\n%s", want, got)
	}
}

// The last page, its JSON and the inventory say which Gateways two revisions claim, and how
// to end that.
func TestContestedGatewaysAreReported(t *testing.T) {
	o := finished()
	o.World.Contested = []mesh.ContestedGateway{{Namespace: "shop-web", Name: "edge", Revisions: []string{"1-31-0", "default"}}}
	const label = "`kubectl label gateway -n shop-web edge istio.io/rev=1-31-0`"
	text := summaryOf(o).Text(format.Style{})
	if !strings.Contains(text, "Gateway shop-web/edge") || !strings.Contains(text, label) {
		t.Errorf("last page: want Gateway shop-web/edge and %s in:\n%s", label, text)
	}
	encoded, err := JSON(summaryOf(o).Object(), command.Flags{})
	if err != nil || !strings.Contains(encoded, label) {
		t.Errorf("JSON: got %v, want %s in:\n%s", err, label, encoded)
	}
	if found := InventoryOf(o.World).Findings; len(found) == 0 || !strings.Contains(strings.Join(found, "\n"), label) {
		t.Errorf("inventory: got %q, want %s", found, label)
	}
}
