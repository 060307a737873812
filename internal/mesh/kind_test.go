// SPDX-License-Identifier: Apache-2.0

package mesh

import "testing"

func TestKindOf(t *testing.T) {
	for _, tc := range []struct {
		text string
		want Kind
	}{
		{"deployment", Deployment},
		{"Deployments", Deployment},
		{"deploy", Deployment},
		{"STS", StatefulSet},
		{"ds", DaemonSet},
		{"rs", ReplicaSet},
		{"rollouts", ArgoRollout},
		{"cj", CronJob},
		{"po", BarePod},
		{"Pod", BarePod},
		{"Crew", "Crew"},
		{"CloneSet", "CloneSet"},
		{"StatefulSet.apps.kruise.io", "StatefulSet.apps.kruise.io"},
		{"statefulsets.apps.kruise.io", "StatefulSet.apps.kruise.io"},
		{"job.Batch.Volcano.sh", "Job.batch.volcano.sh"},
		{"Crew.example.org", "Crew.example.org"},
		{"", ""},
	} {
		if got := ParseKind(tc.text); got != tc.want {
			t.Errorf("KindOf(%q): got %q, want %q", tc.text, got, tc.want)
		}
	}
}

func TestKindListed(t *testing.T) {
	for _, tc := range []struct {
		kind Kind
		want bool
	}{{Deployment, true}, {ArgoRollout, true}, {BarePod, false}, {Job, false}, {"deploy", false}, {"Crew", false}, {"", false}} {
		if got := tc.kind.Listed(); got != tc.want {
			t.Errorf("%q.Listed(): got %t, want %t", tc.kind, got, tc.want)
		}
	}
}
