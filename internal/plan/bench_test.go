// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// city is a mesh of 20 000 workloads in 1 000 namespaces, of two pods each.
func city() mesh.World {
	w := start()
	w.Namespaces, w.Workloads = nil, nil
	for i := range 1000 {
		ns := fmt.Sprintf("ns-%04d", i)
		w.Namespaces = append(w.Namespaces, mesh.Namespace{Name: ns, Labels: map[string]string{mesh.RevisionLabel: "1-29-1"}})
		for j := range 20 {
			w.Workloads = append(w.Workloads, workload(mesh.Deployment, ns, fmt.Sprintf("w%02d", j), 2))
		}
	}
	w.Sort()
	return w
}

// BenchmarkPlanning plans the whole of a large mesh, and reports how often that
// fits into the time that writing the same World out as JSON takes: planning
// must stay small beside reading.
func BenchmarkPlanning(b *testing.B) {
	w := city()
	in := intent()
	in.Waves, in.WaveCount = nil, 20
	target, err := ForwardTarget(w, in, step.Ledger{})
	if err != nil {
		b.Fatal(err)
	}
	l := NewLedger(Make(w, target, step.Ledger{}), noon)
	began := time.Now()
	for range 5 {
		if _, err := json.Marshal(w); err != nil {
			b.Fatal(err)
		}
	}
	encoding := time.Since(began) / 5
	b.ReportAllocs()
	for b.Loop() {
		if stages := Steps(w, target, l); len(stages) != 83 {
			b.Fatalf("%d stages", len(stages))
		}
	}
	b.ReportMetric(float64(encoding.Nanoseconds())/(float64(b.Elapsed().Nanoseconds())/float64(b.N)), "plans/encoding")
}

// BenchmarkDrift holds 20 000 steps that are left against those that were
// approved, beside planning them.
func BenchmarkDrift(b *testing.B) {
	w := city()
	in := intent()
	in.Waves, in.WaveCount = nil, 20
	target, err := ForwardTarget(w, in, step.Ledger{})
	if err != nil {
		b.Fatal(err)
	}
	l := NewLedger(Make(w, target, step.Ledger{}), noon)
	stages := Steps(w, target, l)
	for b.Loop() {
		if strange := Drift(stages, target, l); strange != nil {
			b.Fatal(strange)
		}
	}
}
