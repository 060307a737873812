// SPDX-License-Identifier: Apache-2.0

package plan_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/plan/plantest"
	"github.com/rerig/rerig/internal/step"
)

// largeWorld is a mesh of 20 000 workloads in 1 000 namespaces, of two pods each.
func largeWorld() mesh.World {
	w := plantest.World()
	w.Namespaces, w.Workloads = nil, nil
	for i := range 1000 {
		ns := fmt.Sprintf("ns-%04d", i)
		w.Namespaces = append(w.Namespaces, mesh.Namespace{Name: ns, Labels: map[string]string{mesh.RevisionLabel: "1-29-1"}})
		for j := range 20 {
			w.Workloads = append(w.Workloads, plantest.Workload(mesh.Deployment, ns, fmt.Sprintf("w%02d", j), 2))
		}
	}
	w.Sort()
	return w
}

// BenchmarkPlanning plans a large mesh and reports how many plans take the time of encoding
// the same World as JSON: planning must stay cheap compared with reading.
func BenchmarkPlanning(b *testing.B) {
	w := largeWorld()
	in := plantest.Intent()
	in.Waves, in.WaveCount = nil, 20
	target, err := plan.ForwardTarget(w, in, step.Ledger{})
	if err != nil {
		b.Fatal(err)
	}
	l := plantest.NewLedger(w, target)
	started := time.Now()
	for range 5 {
		if _, err := json.Marshal(w); err != nil {
			b.Fatal(err)
		}
	}
	encoding := time.Since(started) / 5
	b.ReportAllocs()
	for b.Loop() {
		if stages := plan.Steps(w, target, l); len(stages) != 83 {
			b.Fatalf("%d stages", len(stages))
		}
	}
	b.ReportMetric(float64(encoding.Nanoseconds())/(float64(b.Elapsed().Nanoseconds())/float64(b.N)), "plans/encoding")
}

// BenchmarkDrift compares 20 000 remaining steps with the approved ones.
func BenchmarkDrift(b *testing.B) {
	w := largeWorld()
	in := plantest.Intent()
	in.Waves, in.WaveCount = nil, 20
	target, err := plan.ForwardTarget(w, in, step.Ledger{})
	if err != nil {
		b.Fatal(err)
	}
	l := plantest.NewLedger(w, target)
	stages := plan.Steps(w, target, l)
	for b.Loop() {
		if drift := plan.Drift(stages, target, l); drift != nil {
			b.Fatal(drift)
		}
	}
}
