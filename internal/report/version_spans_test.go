// SPDX-License-Identifier: Apache-2.0

package report

import (
	"strings"
	"testing"
	"time"

	"github.com/rerig/rerig/internal/plan/parity"
	"github.com/rerig/rerig/internal/report/format"
	"github.com/rerig/rerig/internal/report/reporttest"
)

// The gateway of the mesh stays, so that its paths have two versions at the end.
func TestSummaryNamesPathsWithTwoVersions(t *testing.T) {
	g := summaryOf(finished())
	g.Hops, g.World.Proxies = reporttest.Hops, nil
	for _, wl := range g.World.Workloads {
		for i := range wl.Pods {
			if wl.Pods[i].Sidecar.Revision == "1-31-0" {
				wl.Pods[i].Sidecar.Version = "1.31.0"
			}
		}
	}
	text := g.Text(format.Style{Width: 100})
	want := `
Proxy versions differed on 2 paths from gateways, the longest for 8s (istio-ingress/gateway ->
shop-web/cart).
On 2 of them they differ now:
  istio-ingress/gateway 1.29.1  -> shop-web/cart 1.31.0
  istio-ingress/gateway 1.29.1  -> shop-web/web 1.31.0
`
	if !strings.Contains(text, want) {
		t.Errorf("want\n%s\nin:\n%s", want, text)
	}
	if now := SpansNow(g.spans(), g.Ended.Add(time.Minute)); now != "differ on 2 paths from gateways, the longest for 1m08s" {
		t.Errorf("now: got %q", now)
	}
	ended := []parity.Span{{Hop: reporttest.Hops[0], Since: reporttest.Noon, Until: g.Ended}}
	if now := SpansNow(ended, g.Ended); now != "" {
		t.Errorf("after its end: got %q, want nothing", now)
	}
}
