// SPDX-License-Identifier: Apache-2.0

package advice_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/advice"
	"github.com/rerig/rerig/internal/plan/plantest"
	"github.com/rerig/rerig/internal/step"
)

// The plan names downtime and pods that are not ready before the run begins.
func TestNotesNameDowntimeAndUnreadiness(t *testing.T) {
	w := plantest.World()
	note := func(kind step.NoteKind) string {
		for _, n := range advice.Notes(w, plantest.Forward(t, w, plantest.Intent(), step.Ledger{})) {
			if n.Kind == kind && n.Subject == "Deployment a/w0" {
				return n.Evidence
			}
		}
		return ""
	}
	if note(step.MayLoseRequests) != "" || note(step.NotReady) != "" {
		t.Fatal("workload that is ready: got a note, want none")
	}
	for i, wl := range w.Workloads {
		if wl.Ref() == "Deployment a/w0" {
			w.Workloads[i].Downtime, w.Workloads[i].Rollout = "strategy Recreate", mesh.Rollout{Message: "0 of 1 updated replicas are available"}
		}
	}
	if got := note(step.MayLoseRequests); got != "strategy Recreate" {
		t.Errorf("evidence of downtime: got %q, want strategy Recreate", got)
	}
	if got := note(step.NotReady); got != "0 of 1 updated replicas are available" {
		t.Errorf("evidence of unreadiness: got %q, want the controller's message", got)
	}
}

// Labels without effect are named.
func TestNotesNameLabelsWithoutEffect(t *testing.T) {
	w := plantest.World()
	noted := func() map[string]string {
		found := map[string]string{}
		for _, n := range advice.Notes(w, plantest.Forward(t, w, plantest.Intent(), step.Ledger{})) {
			if n.Kind == step.NoEffect {
				found[n.Subject] = n.Text + "; " + n.Evidence
			}
		}
		return found
	}
	if len(noted()) != 0 {
		t.Fatalf("notes on labels with effect: got %v, want none", noted())
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
		"Deployment b/w0": "has a template label istio.io/rev=prod without effect: its namespace's label decides; istio.io/rev=1-29-1",
	}
	if got := noted(); !maps.Equal(got, want) {
		t.Errorf("notes: got %v, want %v", got, want)
	}
}

// The note on a trial names its effect on PodDisruptionBudgets, in and out of service.
func TestNotesNameEffectOfTrialsOnBudgets(t *testing.T) {
	for _, mode := range []step.TrialMode{step.InService, step.OutOfService} {
		w, in := plantest.World(), plantest.Intent()
		in.Policy.Trial = mode
		named := false
		for _, n := range advice.Notes(w, plantest.Forward(t, w, in, step.Ledger{})) {
			named = named || n.Kind == step.TrialFirst && n.Evidence == string(mode) && strings.Contains(n.Text, "allows no eviction")
		}
		if !named {
			t.Errorf("%s: got no note on PodDisruptionBudgets, want one", mode)
		}
	}
}

// A tag that another tool manages is moved, and a note names the tool.
func TestNotesNameTheManagerOfATag(t *testing.T) {
	w := plantest.World()
	for i, tag := range w.Tags {
		if tag.Name == "prod" {
			w.Tags[i].ManagedBy = "Helm release istio-system/istiod"
		}
	}
	noted := map[string]string{}
	for _, n := range advice.Notes(w, plantest.Forward(t, w, plantest.Intent(), step.Ledger{})) {
		if n.Kind == step.TagStays {
			noted[n.Subject] = n.Text + ": " + n.Remedy
		}
	}
	want := map[string]string{"tag prod": "is managed by Helm release istio-system/istiod, which may move it back: change it there as well"}
	if !maps.Equal(noted, want) {
		t.Errorf("notes: got %v, want %v", noted, want)
	}
}

// The plan names what it does not move, or not completely, with a remedy.
func TestNotesOnKinds(t *testing.T) {
	w := plantest.World()
	change := map[string]func(*mesh.Workload){
		"Deployment a/w0": func(wl *mesh.Workload) {
			wl.Template.Annotations = map[string]string{step.ImageAnnotation: "mine:1", step.ConfigAnnotation: "discoveryAddress: elsewhere:15012\n"}
		},
		"StatefulSet a/w1": func(wl *mesh.Workload) { wl.Rollout.OnDelete, wl.Rollout.Pending = true, true },
		"DaemonSet a/w2":   func(wl *mesh.Workload) { wl.Template.HostNetwork = true },
		"Deployment b/w0": func(wl *mesh.Workload) {
			wl.Surge, wl.Scaler, wl.Needs = 1, mesh.Scaler{Name: "h", Max: 3, Full: true}, mesh.Needs{CPU: 500}
		},
	}
	for i, wl := range w.Workloads {
		if f := change[string(wl.Ref())]; f != nil {
			f(&w.Workloads[i])
		}
	}
	w.Capacity = mesh.Capacity{
		Nodes:   []mesh.Node{{Name: "n", AcceptsPods: true, CPU: 400, Pods: 10}},
		Unknown: []string{"ResourceQuotas: you may not list them"},
	}
	w.Proxies = []mesh.Proxy{
		{Namespace: "b", Pod: "vm-1", Istiod: "istiod-1-29-1", Revision: "1-29-1"},
		{Namespace: "b", Pod: "w0-0", Istiod: "istiod-1-29-1", Revision: "1-29-1"},
	}
	w.Sort()
	found := map[step.NoteKind][]string{}
	for _, n := range advice.Notes(w, plantest.Forward(t, w, plantest.Intent(), step.Ledger{})) {
		found[n.Kind] = append(found[n.Kind], n.Subject)
		if n.Kind == step.Blocker && n.Remedy == "" {
			t.Errorf("remedy of blocker %s: got none, want one", n.Subject)
		}
	}
	for _, tc := range []struct {
		kind step.NoteKind
		want []string
	}{
		{step.PinnedProxy, []string{"Deployment a/w0", "Deployment a/w0"}},
		{step.Blocker, []string{"StatefulSet a/w1", "Proxy b/vm-1"}},
		{step.Exemption, []string{"DaemonSet a/w2"}},
		{step.NoCapacity, []string{"Deployment b/w0"}},
		{step.AtMaximum, []string{"Deployment b/w0"}},
		{step.CapacityUnknown, []string{"ResourceQuotas: you may not list them"}},
	} {
		if d := cmp.Diff(tc.want, found[tc.kind]); d != "" {
			t.Errorf("notes of kind %s (-want +got):\n%s", tc.kind, d)
		}
	}
}
