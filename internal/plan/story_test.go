// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

var update = flag.Bool("update", false, "write the golden stories anew")

// A story is a whole run as a person would tell it: what the plan says, each
// step with what it writes, and where the mesh is at the end.
func TestStories(t *testing.T) {
	for name, story := range map[string]func(*testing.T) string{
		"upgrade":         func(t *testing.T) string { return told(t, start()) },
		"rollback":        func(t *testing.T) string { return toldBack(t, -1) },
		"rollback-midway": func(t *testing.T) string { return toldBack(t, 14) },
		"odd-workloads":   func(t *testing.T) string { return told(t, oddities()) },
	} {
		t.Run(name, func(t *testing.T) { golden(t, name, story(t)) })
	}
}

func told(t *testing.T, w mesh.World) string {
	target := forward(t, w, intent(), step.Ledger{})
	return tell(t, w, target, NewLedger(Make(w, target, step.Ledger{}), noon))
}

func toldBack(t *testing.T, after int) string {
	w := start()
	target := forward(t, w, intent(), step.Ledger{})
	w, l, _ := carry(t, w, target, NewLedger(Make(w, target, step.Ledger{}), noon), after, first, nil)
	back := RollbackTarget(intent(), l, 0)
	return tell(t, w, back, Approve(l, Make(w, back, l), noon))
}

func tell(t *testing.T, w mesh.World, target step.Target, l step.Ledger) string {
	var b strings.Builder
	plan := Make(w, target, l)
	fmt.Fprintf(&b, "plan %s\n", plan.Digest)
	for _, n := range plan.Notes {
		fmt.Fprintf(&b, "  note %s: %s %s (%s)\n", n.Kind, n.Subject, n.Text, n.Evidence)
	}
	end, _, _ := carry(t, w, target, l, -1, first, func(_ mesh.World, _ step.Ledger, _ []step.Stage, s step.Step) {
		fmt.Fprintf(&b, "wave %d: %s\n", s.Wave, s)
		changes, _ := Render(s, target, noon) // a step that judges has none
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

// oddities is a mesh with one of each workload that a restart does not move, or
// that needs a word.
func oddities() mesh.World {
	w := start()
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
	own := workload(mesh.Deployment, "free", "by-its-own-label", 1)
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
		t.Errorf("the story changed (-golden +now), go test -update writes it anew:\n%s", diff)
	}
}
