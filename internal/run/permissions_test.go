// SPDX-License-Identifier: Apache-2.0

package run

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rerig/rerig/internal/install"
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// Only what a plan writes into is asked for, where it is.
func TestFieldNeedsOnlyWhatThePlanWrites(t *testing.T) {
	w := mesh.World{Workloads: []mesh.Workload{
		{Kind: "Crew", Namespace: "a", Name: "x", Resource: "crews"},
		{Kind: mesh.CronJob, Namespace: "a", Name: "x"},
		{Kind: mesh.Deployment, Namespace: "a", Name: "x"},
		{Kind: mesh.ReplicaSet, Namespace: "a", Name: "x"},
	}}
	stages := []step.Stage{{Kind: step.Restart, Steps: []step.Step{
		{Kind: step.Restart, Subject: "Crew a/x", API: "lab.example/v1", Field: "spec.at"},
		{Kind: step.Restart, Subject: "Deployment a/x"},
		{Kind: step.LabelTemplate, Subject: "CronJob a/x", TemplateLabel: "1-31-0"},
		{Kind: step.EvictPods, Subject: "ReplicaSet a/x", TemplateLabel: "1-31-0"},
		{Kind: step.EvictPods, Subject: "ReplicaSet a/x"},
	}}}
	want := []install.Permission{{Verb: "patch", Group: "lab.example", Resource: "crews", Namespace: "a"},
		{Verb: "patch", Group: "batch", Resource: "cronjobs", Namespace: "a"},
		{Verb: "patch", Group: "apps", Resource: "replicasets", Namespace: "a"}}
	if d := cmp.Diff(want, fieldNeeds(w, stages)); d != "" {
		t.Error(d)
	}
}

// The work on a plan grows with its size, not with the square of it. The best of several
// measurements counts, because other processes only add to each.
func TestPlanNeedsOfALargePlan(t *testing.T) {
	const size, factor, limit, attempts = 2_000, 10, 30, 8
	smallWorld, smallStages := largePlan(size)
	largeWorld, largeStages := largePlan(factor * size)
	timed := func(w mesh.World, stages []step.Stage, want int) time.Duration {
		began := time.Now()
		if got := len(planNeeds(w, stages, "istio-system")); got != want {
			t.Fatalf("got %d needs, want %d", got, want)
		}
		return time.Since(began)
	}
	small, large := time.Hour, time.Hour
	for range attempts {
		small, large = min(small, timed(smallWorld, smallStages, size)), min(large, timed(largeWorld, largeStages, factor*size))
		if large <= limit*small {
			return
		}
	}
	t.Errorf("got %s for %d workloads and %s for %d, want at most %d times as much", small, size, large, factor*size, limit)
}

func largePlan(workloads int) (mesh.World, []step.Stage) {
	var w mesh.World
	stage := step.Stage{Kind: step.Restart, Wave: 1}
	for i := range workloads {
		wl := mesh.Workload{Kind: "Crew", Namespace: fmt.Sprintf("team-%d", i), Name: "x", Resource: "crews"}
		w.Workloads = append(w.Workloads, wl)
		stage.Steps = append(stage.Steps, step.Step{
			Kind: step.Restart, Wave: 1, Subject: step.Subject(wl.Ref()), API: "lab.example/v1", Field: "spec.at",
		})
	}
	return w, []step.Stage{stage}
}
