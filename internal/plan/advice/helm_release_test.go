// SPDX-License-Identifier: Apache-2.0

package advice_test

import (
	"strings"
	"testing"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/plan/plantest"
	"github.com/rerig/rerig/internal/step"
)

// Who writes a template that another tool manages, and when, is in the plan.
func TestNotesNameWhoWritesATemplate(t *testing.T) {
	const byHelm = "Helm release own/edge"
	usable := mesh.HelmRelease{Namespace: "own", Name: "edge", Chart: "gateway 1.29.1", Value: "revision"}
	unfit, busy := usable, usable
	unfit.Unfit, busy.Busy = "its chart sets spec.strategy", "its version 3 is pending-upgrade"
	tests := []struct {
		name      string
		managedBy string
		release   mesh.HelmRelease
		restart   bool
		kind      step.NoteKind
		want      []string
	}{
		{name: "a release that is upgraded", managedBy: byHelm, release: usable, kind: step.ByHelm,
			want: []string{"Helm release own/edge renders", "revision=1-31-0", "chart gateway 1.29.1"}},
		{name: "a release that is not", managedBy: byHelm, release: unfit, kind: step.ForCommit,
			want: []string{"its chart sets spec.strategy", "helm upgrade edge CHART -n own --reuse-values --set revision=1-31-0"}},
		{name: "a release on which another process works", managedBy: byHelm, release: busy, kind: step.ByHelm,
			want: []string{"cannot be upgraded now: its version 3 is pending-upgrade"}},
		{name: "a release that was not read", managedBy: byHelm, kind: step.ForCommit, want: []string{"--set revision=1-31-0"}},
		{name: "a release of a workload that is restarted", managedBy: byHelm, release: usable, restart: true, kind: step.ForCommit,
			want: []string{"managed by Helm release own/edge", "--set revision=1-31-0"}},
		{name: "a GitOps tool", managedBy: "Argo CD application own", kind: step.ForCommit,
			want: []string{"while its rollout is held, Rerig waits", "commit istio.io/rev=1-31-0", "not before"}},
		{name: "a GitOps tool, of a workload that is restarted", managedBy: "Argo CD application own", restart: true, kind: step.ForCommit,
			want: []string{"if that tool restores its old label", "commit istio.io/rev=1-31-0 there as well"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w, intent := plantest.WorldOfAllBindings(), plantest.IntentForAll()
			if !tt.restart {
				intent.Policy.Strategy = step.BySwap
			}
			for i, wl := range w.Workloads {
				if wl.Ref() == "Deployment own/by-tag" {
					w.Workloads[i].ManagedBy, w.Workloads[i].Release = tt.managedBy, tt.release
					w.Workloads[i].Services = []mesh.Service{{Name: "by-tag", Selector: map[string]string{"app": "by-tag"}}}
				}
			}
			text := ""
			for _, n := range plan.Make(w, plantest.Forward(t, w, intent, step.Ledger{}), step.Ledger{}).Notes {
				if n.Kind == tt.kind && n.Subject == "Deployment own/by-tag" {
					text += n.Text + "; " + n.Evidence + "; " + n.Remedy
				}
			}
			for _, want := range tt.want {
				if !strings.Contains(text, want) {
					t.Errorf("got %q, want %q", text, want)
				}
			}
		})
	}
}
