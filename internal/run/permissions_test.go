// SPDX-License-Identifier: Apache-2.0

package run

import (
	"testing"

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
