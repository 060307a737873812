// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"maps"
	"strings"
	"testing"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/advice"
	"github.com/rerig/rerig/internal/step"
)

// What would be seen only in the middle of a run is said before it.
func TestNotesNameWhatIsAwayOrUnready(t *testing.T) {
	w := start()
	note := func(kind step.NoteKind) string {
		for _, n := range advice.Notes(w, forward(t, w, intent(), step.Ledger{})) {
			if n.Kind == kind && n.Subject == "Deployment a/w0" {
				return n.Evidence
			}
		}
		return ""
	}
	if note(step.MayLoseRequests) != "" || note(step.NotReady) != "" {
		t.Fatal("a workload in good order is noted")
	}
	for i, wl := range w.Workloads {
		if wl.Ref() == "Deployment a/w0" {
			w.Workloads[i].Downtime, w.Workloads[i].Rollout = "strategy Recreate", mesh.Rollout{Message: "0 of 1 updated replicas are available"}
		}
	}
	if got := note(step.MayLoseRequests); got != "strategy Recreate" {
		t.Errorf("what is away is noted with %q", got)
	}
	if got := note(step.NotReady); got != "0 of 1 updated replicas are available" {
		t.Errorf("what is not ready is noted with %q", got)
	}
}

// A label that decides nothing is said to, where somebody may believe in it.
func TestNotesNameLabelsWithoutEffect(t *testing.T) {
	w := start()
	noted := func() map[string]string {
		found := map[string]string{}
		for _, n := range advice.Notes(w, forward(t, w, intent(), step.Ledger{})) {
			if n.Kind == step.NoEffect {
				found[n.Subject] = n.Text + "; " + n.Evidence
			}
		}
		return found
	}
	if len(noted()) != 0 {
		t.Fatalf("labels that decide are noted: %v", noted())
	}
	for i, ns := range w.Namespaces {
		if ns.Name == "a" {
			w.Namespaces[i].Labels = map[string]string{mesh.InjectionLabel: "enabled", mesh.RevisionLabel: "prod"}
		}
	}
	for i, wl := range w.Workloads {
		if wl.Ref() == "Deployment b/w0" {
			w.Workloads[i].Template.Labels = map[string]string{mesh.RevisionLabel: "prod"}
		}
	}
	want := map[string]string{
		"a": "has both labels: istio-injection decides, and istio.io/rev has no effect; " +
			"istio-injection=enabled,istio.io/rev=prod",
		"Deployment b/w0": "its template's label istio.io/rev=prod has no effect: its namespace's label decides; istio.io/rev=1-29-1",
	}
	if got := noted(); !maps.Equal(got, want) {
		t.Errorf("noted: %v", got)
	}
}

// Whoever agrees to a trial is told what it does to others, however it stands.
func TestNotesSayWhatATrialPodDoesToDisruptionBudgets(t *testing.T) {
	for _, mode := range []step.TrialMode{step.InService, step.OutOfService} {
		w, in := start(), intent()
		in.Policy.Trial = mode
		said := false
		for _, n := range advice.Notes(w, forward(t, w, in, step.Ledger{})) {
			said = said || n.Kind == step.TrialFirst && n.Evidence == string(mode) && strings.Contains(n.Text, "allows no eviction")
		}
		if !said {
			t.Errorf("%s: nothing is said of disruption budgets", mode)
		}
	}
}

// A tag that somebody else renders is moved, and may not stay so.
func TestNotesNameWhoKeepsATag(t *testing.T) {
	w := start()
	for i, tag := range w.Tags {
		if tag.Name == "prod" {
			w.Tags[i].ManagedBy = "Helm release istio-system/istiod"
		}
	}
	noted := map[string]string{}
	for _, n := range advice.Notes(w, forward(t, w, intent(), step.Ledger{})) {
		if n.Kind == step.TagStays {
			noted[n.Subject] = n.Text
		}
	}
	want := map[string]string{"tag prod": "is managed by Helm release istio-system/istiod, which may move it back: change it there as well"}
	if !maps.Equal(noted, want) {
		t.Errorf("noted: %v", noted)
	}
}
