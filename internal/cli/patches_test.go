// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/step"
)

// Labels that a GitOps tool manages are written as patches, by a plan (also of a
// file) for the upgrade, and by a rollback for the rollback.
func TestPatchesOfBothDirections(t *testing.T) {
	p := shop()
	for i := range p.world.Namespaces {
		if p.world.Namespaces[i].Name == "shop-data" {
			p.world.Namespaces[i].ManagedBy = "Argo CD application shop"
		}
	}
	written := func(name, wants, line string, want int) string {
		t.Helper()
		folder := filepath.Join(t.TempDir(), "patches")
		code, out, err := runOn(p, line+" --patches "+folder)
		if code != want {
			t.Fatalf("%s: got exit code %d, want %d: %s", line, code, want, err)
		}
		content, failure := os.ReadFile(filepath.Join(folder, name))
		if failure != nil || !strings.Contains(string(content), wants) {
			t.Errorf("%s: got error %v, want none and %s:\n%s", line, failure, wants, content)
		}
		return out
	}
	written("01-label-shop-data.yaml", "1-29-1 -> istio.io/rev=1-31-0", "plan -f testdata/move.yaml", exitDone)
	code, out, err := runOn(p, upgradeLine+" --yes")
	if code != exitHeld || !strings.Contains(strings.Join(strings.Fields(out), " "), "rerig plan --patches DIR") {
		t.Fatalf("got exit code %d, want %d: %s\n%s", code, exitHeld, err, out)
	}
	for i := range p.world.Namespaces {
		if p.world.Namespaces[i].Name == "shop-data" {
			p.world.Namespaces[i].Labels = map[string]string{mesh.RevisionLabel: "1-31-0"}
		}
	}
	if code, _, err := runOn(p, upgradeLine+" --yes"); code != exitDone {
		t.Fatal(err)
	}
	out = written("01-label-shop-data.yaml", "1-31-0 -> istio.io/rev=1-29-1", "rollback --yes", exitHeld)
	if !strings.Contains(strings.Join(strings.Fields(out), " "), "rerig rollback to-1-31-0 --patches DIR") {
		t.Errorf("got a hold without the command that writes patches:\n%s", out)
	}
	written("01-label-shop-data.yaml", "1-31-0 -> istio.io/rev=1-29-1", "rollback", exitHeld)
}

// Patches of the same run and direction are replaced by those of what is left, also
// those of version 0.1. A folder with others is refused, and left as it is.
func TestPatchesOfTwoDirectionsAreNotMixed(t *testing.T) {
	p := shop()
	keep := func(label string) {
		for i := range p.world.Namespaces {
			if ns := &p.world.Namespaces[i]; ns.Name == "shop-data" {
				ns.ManagedBy = "Argo CD application shop"
				if label != "" {
					ns.Labels = map[string]string{mesh.RevisionLabel: label}
				}
			}
		}
	}
	keep("")
	folder := t.TempDir()
	read := func() string {
		var all []string
		entries, _ := os.ReadDir(folder)
		for _, e := range entries {
			content, _ := os.ReadFile(filepath.Join(folder, e.Name()))
			all = append(all, e.Name()+": "+string(content))
		}
		return strings.Join(all, "\n")
	}
	put := func(name, content string) {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	put("kustomization.yaml", "theirs")
	upgrade := "plan -f testdata/move.yaml --patches " + folder
	if code, _, err := runOn(p, upgrade); code != exitDone {
		t.Fatalf("got exit code %d, want %d: %s", code, exitDone, err)
	}
	once := read()
	put("02-restore-label-shop-web.yaml", "# Run to-1-31-0, upgrade.\n# It was committed since.\n")
	put("03-unpin-shop-web.yaml", "# Run to-1-31-0, the way forth.\n# Version 0.1 wrote it.\n")
	if code, _, err := runOn(p, upgrade); code != exitDone || read() != once {
		t.Fatalf("again: got exit code %d and other files, want %d and the same: %s\n%s", code, exitDone, err, read())
	}
	if code, _, err := runOn(p, upgradeLine+" --yes"); code != exitHeld {
		t.Fatal(err)
	}
	keep("1-31-0")
	if code, _, err := runOn(p, upgradeLine+" --yes"); code != exitDone {
		t.Fatal(err)
	}
	for _, line := range []string{"rollback", "rollback --yes"} {
		code, _, err := runOn(p, line+" --patches "+folder)
		if code == exitDone || !strings.Contains(err, "01-label-shop-data.yaml: remove them, or use another folder") || read() != once {
			t.Errorf("%s: got exit code %d, want a refusal and no change: %s\n%s", line, code, err, read())
		}
	}
}

func TestPatchSaysWhenToCommitIt(t *testing.T) {
	for _, c := range []struct {
		name   string
		target step.Target
		step   step.Step
		want   string
	}{
		{"label", step.Target{}, step.Step{Kind: step.Label, Wave: 2}, "in wave 2"},
		{"pin", step.Target{Rollback: true}, step.Step{Kind: step.Pin}, "before the first wave"},
		{"restored label", step.Target{}, step.Step{Kind: step.RestoreLabel}, "after the last wave"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := patchTime(c.target, c.step); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// A template that a GitOps tool manages is a patch too, for the moment in which its rollout
// is held.
func TestPatchesOfTemplates(t *testing.T) {
	of := func(label string) plan.Plan {
		return plan.Plan{Target: step.Target{Run: "to-1-31-0"}, Stages: []step.Stage{{Wave: 1, Kind: step.Swap, Steps: []step.Step{
			{Kind: step.Swap, Wave: 1, Subject: "Deployment edge/Web", From: "1-29-1", To: "1-31-0", TemplateLabel: label, By: "Argo CD"},
			{Kind: step.Swap, Wave: 1, Subject: "Deployment edge/other", From: "1-29-1", To: "1-31-0", TemplateLabel: label},
		}}}}
	}
	for label, want := range map[string]string{"1-31-0": `istio.io/rev: "1-31-0"`, step.NoLabel: "istio.io/rev: null"} {
		files := patches(of(label))
		const name = "01-swap-deployment-edge-web.yaml"
		text := files[name]
		var d struct {
			Kind     string
			Metadata struct{ Name, Namespace string }
			Spec     struct {
				Template struct {
					Metadata struct{ Labels map[string]*string }
				}
			}
		}
		if err := yaml.Unmarshal([]byte(text), &d); err != nil || len(files) != 1 || !patchName.MatchString(name) {
			t.Fatalf("got %d files and %v:\n%s", len(files), err, text)
		}
		if d.Kind != "Deployment" || d.Metadata.Name != "Web" || d.Metadata.Namespace != "edge" || !strings.Contains(text, want) ||
			!strings.Contains(text, "Commit it in wave 1, once the run waits for it: its rollout is held then.") {
			t.Errorf("got the patch\n%s", text)
		}
	}
}
