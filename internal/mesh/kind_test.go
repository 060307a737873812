// SPDX-License-Identifier: Apache-2.0

package mesh

import "testing"

// Kinds are taken as kubectl takes them; those of other projects as they are.
func TestKindsAsPeopleWriteThem(t *testing.T) {
	for text, want := range map[string]Kind{"deployment": Deployment, "Deployments": Deployment, "deploy": Deployment, "STS": StatefulSet, "ds": DaemonSet, "rs": ReplicaSet,
		"rollouts": ArgoRollout, "cj": CronJob, "po": BarePod, "Pod": BarePod, "Crew": "Crew", "CloneSet": "CloneSet",
		"StatefulSet.apps.kruise.io": "StatefulSet.apps.kruise.io", "statefulsets.apps.kruise.io": "StatefulSet.apps.kruise.io", "job.Batch.Volcano.sh": "Job.batch.volcano.sh", "Crew.example.org": "Crew.example.org", "": ""} {
		if got := KindOf(text); got != want {
			t.Errorf("%q is read as %q, want %q", text, got, want)
		}
	}
	for k, want := range map[Kind]bool{Deployment: true, ArgoRollout: true, BarePod: false, Job: false, "deploy": false, "Crew": false, "": false} {
		if k.Listed() != want {
			t.Errorf("%q is listed: %t", k, k.Listed())
		}
	}
}
