// SPDX-License-Identifier: Apache-2.0

package run

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rerig/rerig/internal/cputime"
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

// The rights to upgrade a Helm release are asked for where the plan upgrades it.
func TestReleaseNeedsOnlyWhatThePlanUpgrades(t *testing.T) {
	renders := []mesh.HelmObjectKind{{Group: "apps", Resource: "deployments", Namespace: "a"}}
	usable := mesh.HelmRelease{Namespace: "a", Name: "edge", Renders: renders}
	unfit := usable
	unfit.Unfit = "its chart sets spec.strategy"
	w := mesh.World{Workloads: []mesh.Workload{
		{Kind: mesh.Deployment, Namespace: "a", Name: "edge", Release: usable},
		{Kind: mesh.Deployment, Namespace: "b", Name: "edge", Release: unfit},
	}}
	stages := []step.Stage{{Kind: step.Swap, Steps: []step.Step{
		{Kind: step.Swap, Subject: "Deployment a/edge", TemplateLabel: "1-31-0"},
		{Kind: step.Swap, Subject: "Deployment b/edge", TemplateLabel: "1-31-0"},
	}}}
	want := []install.Permission{{Verb: "get", Resource: "secrets", Namespace: "a"}, {Verb: "list", Resource: "secrets", Namespace: "a"},
		{Verb: "create", Resource: "secrets", Namespace: "a"}, {Verb: "update", Resource: "secrets", Namespace: "a"},
		{Verb: "get", Group: "apps", Resource: "deployments", Namespace: "a"},
		{Verb: "patch", Group: "apps", Resource: "deployments", Namespace: "a"}}
	if d := cmp.Diff(want, releaseNeeds(w, stages)); d != "" {
		t.Error(d)
	}
	stages[0].Steps[0].TemplateLabel = ""
	if got := releaseNeeds(w, stages); got != nil {
		t.Errorf("got %v for a swap that writes no label, want none", got)
	}
}

// The work on a plan grows with its size, not with the square of it. Ten small plans are
// compared with one of ten times the size, in CPU time: other processes hardly add to it.
// The best of several measurements counts.
func TestPlanNeedsOfALargePlan(t *testing.T) {
	const size, factor, limit, attempts = 2_000, 10, 3, 20
	smallWorld, smallStages := largePlan(size)
	largeWorld, largeStages := largePlan(factor * size)
	timed := func(times int, w mesh.World, stages []step.Stage, want int) time.Duration {
		runtime.GC()
		began := cputime.Now(t)
		for range times {
			if got := len(planNeeds(w, stages, "istio-system")); got != want {
				t.Fatalf("got %d needs, want %d", got, want)
			}
		}
		return cputime.Now(t) - began
	}
	small, large := time.Hour, time.Hour
	for range attempts {
		small = min(small, timed(factor, smallWorld, smallStages, size))
		large = min(large, timed(1, largeWorld, largeStages, factor*size))
		if large <= limit*small {
			return
		}
	}
	t.Errorf("got %s for ten plans of %d workloads and %s for one of %d, want at most %d times as much",
		small, size, large, factor*size, limit)
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
