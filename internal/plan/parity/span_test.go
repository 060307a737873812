// SPDX-License-Identifier: Apache-2.0

package parity_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/parity"
	"github.com/rerig/rerig/internal/step"
)

func TestSpans(t *testing.T) {
	hop := mesh.Hop{From: gateway, To: web}
	noon := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	at := func(minutes int) time.Time { return noon.Add(time.Duration(minutes) * time.Minute) }
	for _, c := range []struct {
		name              string
		front, behind     string // versions now; revisions are "old" and "new"
		frontWas, webWas  string // revisions before, "" for not in the run
		frontAt, behindAt int    // minute of the verification, 0 for none
		rollback          bool
		want              *parity.Span
		wantLength        time.Duration
	}{
		{name: "the workload moved, the gateway did not yet", front: "1.29.1", behind: "1.31.0", frontWas: "old", webWas: "old", behindAt: 2,
			want: &parity.Span{Hop: hop, FromVersion: "1.29.1", ToVersion: "1.31.0", Since: at(2)}, wantLength: 8 * time.Minute},
		{name: "a gateway that is not in the run", front: "1.29.1", behind: "1.31.0", webWas: "old", behindAt: 2,
			want: &parity.Span{Hop: hop, FromVersion: "1.29.1", ToVersion: "1.31.0", Since: at(2)}, wantLength: 8 * time.Minute},
		{name: "moved, and not yet verified", front: "1.31.0", behind: "1.29.1", frontWas: "old", webWas: "old",
			want: &parity.Span{Hop: hop, FromVersion: "1.31.0", ToVersion: "1.29.1"}},
		{name: "both moved", front: "1.31.0", behind: "1.31.0", frontWas: "old", webWas: "old", frontAt: 9, behindAt: 2,
			want: &parity.Span{Hop: hop, Since: at(2), Until: at(9)}, wantLength: 7 * time.Minute},
		{name: "neither moved", front: "1.29.1", behind: "1.29.1", frontWas: "old", webWas: "old"},
		{name: "the gateway was there before", front: "1.31.0", behind: "1.31.0", frontWas: "new", webWas: "old", frontAt: 1, behindAt: 2},
		{name: "no proxy behind", front: "1.31.0", frontWas: "old", frontAt: 1},
		{name: "rolled back", front: "1.29.1", behind: "1.31.0", frontWas: "new", webWas: "old", frontAt: 1, behindAt: 2, rollback: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := world([]string{c.front}, []string{c.behind})
			l := step.Ledger{Passed: map[step.VerdictKey]step.Pass{}, Baseline: step.Baseline{Sidecars: map[mesh.WorkloadRef]string{}}}
			target := step.Target{Revision: "new", Rollback: c.rollback, Revisions: map[string]string{"edge": "new", "shop": "new"},
				Policy: step.Policy{Gateways: step.GatewaysLast}}
			for i, wl := range w.Workloads {
				was, minute, version := c.frontWas, c.frontAt, c.front
				if wl.Ref() == web {
					was, minute, version = c.webWas, c.behindAt, c.behind
				}
				w.Workloads[i].Pods[0].Sidecar.Present = version != ""
				w.Workloads[i].Pods[0].Sidecar.Revision = map[string]string{"1.29.1": "old", "1.31.0": "new"}[version]
				if was != "" {
					l.Baseline.Sidecars[wl.Ref()] = was
				}
				if minute > 0 {
					l.Passed[step.VerifyKey(w, wl, "new")] = step.Pass{At: at(minute)}
				}
			}
			var want []parity.Span
			if c.want != nil {
				want = []parity.Span{*c.want}
			}
			got := parity.Spans(w, target, l, []mesh.Hop{hop})
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("spans (-want +got):\n%s", diff)
			}
			if longest, any := parity.Longest(got, at(10)); any != (want != nil) || longest.Length(at(10)) != c.wantLength {
				t.Errorf("longest: got %s, %t, want %s", longest.Length(at(10)), any, c.wantLength)
			}
		})
	}
}
