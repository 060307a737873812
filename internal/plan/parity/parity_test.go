// SPDX-License-Identifier: Apache-2.0

package parity_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/parity"
	"github.com/rerig/rerig/internal/step"
)

const (
	gateway = mesh.WorkloadRef("Deployment edge/front")
	web     = mesh.WorkloadRef("Deployment shop/web")
)

// world has a gateway and a workload behind it, with a pod for each version.
func world(front, behind []string) mesh.World {
	w := mesh.World{Revisions: []mesh.Revision{{Name: "new", Version: "1.31.0"}, {Name: "old", Version: "1.29.1"}}}
	add := func(namespace, name string, gateway bool, list []string) {
		wl := mesh.Workload{Kind: mesh.Deployment, Namespace: namespace, Name: name, Gateway: gateway}
		for i, version := range list {
			wl.Pods = append(wl.Pods, mesh.Pod{Name: name + string(rune('a'+i)), Sidecar: mesh.Sidecar{Present: true, Version: version}})
		}
		w.Workloads = append(w.Workloads, wl)
	}
	add("edge", "front", true, front)
	add("shop", "web", false, behind)
	w.Sort()
	return w
}

func TestGaps(t *testing.T) {
	old, mixed := []string{"1.29.1"}, []string{"1.29.1", "1.31.0"}
	hop := mesh.Hop{From: gateway, To: web}
	gap := func(from, to string, first, last int) *parity.Gap {
		return &parity.Gap{Hop: hop, FromVersion: from, ToVersion: to, FirstWave: first, LastWave: last}
	}
	for _, c := range []struct {
		name          string
		front, behind []string // versions now
		frontWave     int      // in which the gateway moves; 0 for never
		webWave       int
		kind          step.Kind // restart unless set
		image         string    // annotation of the workload's template
		target        step.Target
		want          *parity.Gap
	}{
		{name: "the gateway stays", front: old, behind: old, webWave: 2, want: gap("1.29.1", "1.31.0", 2, 0)},
		{name: "the gateway moves last", front: old, behind: old, webWave: 1, frontWave: 3, want: gap("1.29.1", "1.31.0", 1, 2)},
		{name: "the gateway moves first", front: old, behind: old, webWave: 3, frontWave: 2, want: gap("1.31.0", "1.29.1", 2, 2)},
		{name: "both in one wave", front: old, behind: old, webWave: 2, frontWave: 2},
		{name: "nothing moves", front: old, behind: old},
		{name: "they differ before", front: old, behind: []string{"1.28.0"}, webWave: 1},
		{name: "mixed versions before", front: mixed, behind: mixed, webWave: 1},
		{name: "no proxy behind", front: old, webWave: 1},
		{name: "unknown version", front: old, behind: []string{""}, webWave: 1},
		{name: "flavours of one version", front: old, behind: []string{"1.29.1-distroless"}, webWave: 1, want: gap("1.29.1", "1.31.0", 1, 0)},
		{name: "checks move nothing", front: old, behind: old, webWave: 1, kind: step.Verify},
		{name: "an image that stays", front: old, behind: old, webWave: 1, image: "docker.io/istio/proxyv2:1.29.1"},
		{name: "the version that will be installed", front: old, behind: old, webWave: 1, target: step.Target{Version: "1.31.2"},
			want: gap("1.29.1", "1.31.2", 1, 0)},
		{name: "a revision of unknown version", front: old, behind: old, webWave: 1, target: step.Target{Revision: "next"},
			want: gap("1.29.1", "revision next", 1, 0)},
		{name: "on rollback, by the order of the waves", front: []string{"1.31.0"}, behind: []string{"1.31.0"}, webWave: 1, frontWave: 3,
			target: step.Target{
				Rollback: true, Revision: "old", Versions: map[string]string{"old": "1.29.0"},
				Waves: []step.Wave{{Number: 3}, {Number: 2}, {Number: 1}},
			},
			want: gap("1.29.0", "1.31.0", 3, 2)},
	} {
		t.Run(c.name, func(t *testing.T) {
			w, target := world(c.front, c.behind), c.target
			if c.image != "" {
				w.Workloads[1].Template.Annotations = map[string]string{step.ImageAnnotation: c.image}
			}
			if target.Revision == "" {
				target.Revision = "new"
			}
			if target.Waves == nil {
				target.Waves = []step.Wave{{Number: 1}, {Number: 2}, {Number: 3}}
			}
			kind := c.kind
			if kind == "" {
				kind = step.Restart
			}
			var stages []step.Stage
			for ref, wave := range map[mesh.WorkloadRef]int{gateway: c.frontWave, web: c.webWave} {
				if wave > 0 {
					s := step.Step{Kind: kind, Wave: wave, Subject: step.Subject(ref), To: target.Revision}
					stages = append(stages, step.Stage{Wave: wave, Kind: kind, Steps: []step.Step{s}})
				}
			}
			var want []parity.Gap
			if c.want != nil {
				want = []parity.Gap{*c.want}
			}
			if diff := cmp.Diff(want, parity.Gaps(w, target, stages, []mesh.Hop{hop})); diff != "" {
				t.Errorf("gaps (-want +got):\n%s", diff)
			}
		})
	}
}
