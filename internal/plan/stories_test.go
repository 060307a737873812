// SPDX-License-Identifier: Apache-2.0

package plan_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/plan/plantest"
	"github.com/rerig/rerig/internal/step"
)

var update = flag.Bool("update", false, "write the golden stories")

// A story is a complete run: the plan's notes, each step with its writes, and the state of the
// mesh at the end.
func TestStories(t *testing.T) {
	for _, tc := range []struct {
		name  string
		story func(*testing.T) string
	}{
		{"upgrade", func(t *testing.T) string { return upgradeStory(t, plantest.World()) }},
		{"rollback", func(t *testing.T) string { return rollbackStory(t, -1) }},
		{"rollback-midway", func(t *testing.T) string { return rollbackStory(t, 14) }},
		{"special-workloads", func(t *testing.T) string { return upgradeStory(t, specialWorkloads()) }},
	} {
		t.Run(tc.name, func(t *testing.T) { golden(t, tc.name, tc.story(t)) })
	}
}

func upgradeStory(t *testing.T, w mesh.World) string {
	target := plantest.Forward(t, w, plantest.Intent(), step.Ledger{})
	return story(t, w, target, plantest.NewLedger(w, target))
}

func rollbackStory(t *testing.T, after int) string {
	w := plantest.World()
	target := plantest.Forward(t, w, plantest.Intent(), step.Ledger{})
	w, l, _ := plantest.Run(t, w, target, plantest.NewLedger(w, target), after, plantest.First, nil)
	back := plan.RollbackTarget(plantest.Intent(), l, 0)
	return story(t, w, back, plantest.Approve(w, back, l))
}

func story(t *testing.T, w mesh.World, target step.Target, l step.Ledger) string {
	var b strings.Builder
	planned := plan.Make(w, target, l)
	fmt.Fprintf(&b, "plan %s\n", planned.Digest)
	for _, n := range planned.Notes {
		fmt.Fprintf(&b, "  note %s: %s %s (%s)\n", n.Kind, n.Subject, n.Text, n.Evidence)
	}
	end, _, _ := plantest.Run(t, w, target, l, -1, plantest.First, func(_ mesh.World, _ step.Ledger, _ []step.Stage, s step.Step) {
		fmt.Fprintf(&b, "wave %d: %s\n", s.Wave, s)
		changes, _ := plan.Render(s, target, plantest.Noon) // a step that only checks has no writes
		for _, c := range changes {
			fmt.Fprintf(
				&b,
				"        %s %s %s %s %s\n", c.Verb, c.Kind,
				strings.TrimPrefix(c.Namespace+"/"+c.Name, "/"), c.Version+c.Revision, c.Patch,
			)
		}
	})
	for _, ns := range end.Namespaces {
		fmt.Fprintf(&b, "end: namespace %s %s\n", ns.Name, ns.Binding())
	}
	for _, wl := range end.Workloads {
		fmt.Fprintf(&b, "end: %s on %q\n", wl.Ref(), wl.Sidecars())
	}
	return b.String()
}

// specialWorkloads returns a World with one workload of each kind that a restart does not move
// or that gets a note.
func specialWorkloads() mesh.World {
	w := plantest.World()
	for i, change := range []func(*mesh.Workload){
		func(wl *mesh.Workload) { wl.Rollout.Paused = true },
		func(wl *mesh.Workload) { wl.Rollout.OnDelete = true },
		func(wl *mesh.Workload) { wl.Template.Proxy = true },
		func(wl *mesh.Workload) { wl.Replicas, wl.Pods = 0, nil },
		func(wl *mesh.Workload) { wl.Template.Containers[0].PreStop = false },
		func(wl *mesh.Workload) { wl.Template.Containers[0].PreStop, wl.Drains = false, true },
		func(wl *mesh.Workload) { wl.Kind = "Job" },
		func(wl *mesh.Workload) {
			for i := range wl.Pods {
				wl.Pods[i].Sidecar = mesh.Sidecar{}
			}
		},
	} {
		change(&w.Workloads[i])
	}
	own := plantest.Workload(mesh.Deployment, "free", "by-its-own-label", 1)
	own.Template.Labels = map[string]string{mesh.RevisionLabel: "1-29-1"}
	w.Workloads = append(w.Workloads, own)
	w.Sort()
	return w
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", "stories", name+".golden")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("story (-golden +got), go test -update writes it:\n%s", diff)
	}
}
