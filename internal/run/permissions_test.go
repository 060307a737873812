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

// The work on a plan grows with its size, not with the square of it.
func TestPlanNeedsOfALargePlan(t *testing.T) {
	seconds := func(workloads int) float64 {
		w, stages := largePlan(workloads)
		best := time.Hour
		for range 3 {
			began := time.Now()
			if got := len(planNeeds(w, stages, "istio-system")); got != workloads {
				t.Fatalf("got %d needs, want %d", got, workloads)
			}
			best = min(best, time.Since(began))
		}
		return best.Seconds()
	}
	small, large := seconds(2000), seconds(20000)
	if ratio := large / small; ratio > 30 {
		t.Errorf("got %.0f times the time for 10 times the workloads, want at most 30", ratio)
	}
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
