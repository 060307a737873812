// SPDX-License-Identifier: Apache-2.0

package run

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rerig/rerig/internal/install"
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan"
)

// Only what a plan writes into is asked for, where it is.
func TestFieldNeeds(t *testing.T) {
	w := mesh.World{Workloads: []mesh.Workload{
		{Kind: "Crew", Namespace: "a", Name: "x", Served: "crews"},
		{Kind: mesh.CronJob, Namespace: "a", Name: "x"},
		{Kind: mesh.Deployment, Namespace: "a", Name: "x"},
		{Kind: mesh.ReplicaSet, Namespace: "a", Name: "x"},
	}}
	stages := []plan.Stage{{Kind: plan.Restart, Steps: []plan.Step{
		{Kind: plan.Restart, Subject: "Crew a/x", API: "lab.example/v1", Field: "spec.at"},
		{Kind: plan.Restart, Subject: "Deployment a/x"},
		{Kind: plan.Preset, Subject: "CronJob a/x", Pin: "1-31-0"},
		{Kind: plan.Replace, Subject: "ReplicaSet a/x", Pin: "1-31-0"},
		{Kind: plan.Replace, Subject: "ReplicaSet a/x"},
	}}}
	want := []install.Need{{Verb: "patch", Group: "lab.example", Resource: "crews", Namespace: "a"},
		{Verb: "patch", Group: "batch", Resource: "cronjobs", Namespace: "a"},
		{Verb: "patch", Group: "apps", Resource: "replicasets", Namespace: "a"}}
	if d := cmp.Diff(want, fieldNeeds(w, stages)); d != "" {
		t.Error(d)
	}
}
