// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/plantest"
	"github.com/rerig/rerig/internal/run"
)

// printedCommand is a command in output: between backticks, or in the table NEXT.
var printedCommand = regexp.MustCompile("`((?:rerig|kubectl|istioctl|helm) [^`]+)`|(?m)^(rerig (?:inventory|status|rollback).*)")

// clusterLine are the flags of a cluster and a mesh that are not the default ones.
var clusterLine = []string{"--istio-namespace", "service-mesh", "--kubeconfig", "/my files/config", "--context", "east"}

// Every command that is printed is for the cluster and the mesh of the one that prints it.
func TestPrintedCommandsWorkAsPrinted(t *testing.T) {
	p := shop()
	paused := &p.world.Workloads[slices.IndexFunc(p.world.Workloads, func(wl mesh.Workload) bool { return wl.Name == "web" })]
	paused.Rollout.Paused = true
	for _, step := range []struct {
		line  string
		least int // commands that are printed
	}{
		{line: strings.Replace(upgradeLine, "upgrade", "plan", 1), least: 1},
		{line: strings.Replace(upgradeLine, "upgrade", "plan", 1) + " -o json", least: 1},
		{line: upgradeLine + " --yes", least: 3},
		{line: upgradeLine + " --yes", least: 2},
		{line: "upgrade --to 1-31-0 --operator testdata/operator.yaml --waves 1", least: 1},
		{line: "upgrade --to 1-29-1 --name again", least: 1},
		{line: "rollback --yes", least: 1},
		{line: "status nothing"},
	} {
		_, out, err := runOn(p, step.line, clusterLine...)
		if strings.Contains(step.line, "-o json") {
			var object any
			if err := json.Unmarshal([]byte(out), &object); err != nil {
				t.Fatalf("%s: got no JSON: %s", step.line, err)
			}
			text, _ := json.Marshal(object)
			out = strings.NewReplacer(`\u0026`, "&").Replace(string(text))
		}
		found := printedCommand.FindAllStringSubmatch(out+err, -1)
		if len(found) < step.least {
			t.Errorf("%s: got commands %q, want at least %d\n%s%s", step.line, found, step.least, out, err)
		}
		for _, match := range found {
			line := match[1] + match[2]
			want := []string{"--kubeconfig '/my files/config'", "--context east"}
			if strings.HasPrefix(line, "rerig") {
				want = append(want, "--istio-namespace service-mesh")
			}
			for _, flags := range want {
				if !strings.Contains(line, flags) {
					t.Errorf("%s: got %s, want it with %s", step.line, line, flags)
				}
			}
		}
	}
}

// A hint in the record of a held run has the flags of the command that shows it.
func TestHintsAreCompletedWhenShown(t *testing.T) {
	p := shop()
	p.rejectsConfig = "web-0"
	code, out, _ := runOn(p, upgradeLine+" --yes --rollback-on-failure", "--context", "east")
	if code != exitHeld || !strings.Contains(out, "`rerig rollback to-1-31-0 --context east`") {
		t.Fatalf("got exit code %d, want %d and a hint for context east\n%s", code, exitHeld, out)
	}
	_, out, _ = runOn(p, "status")
	if !strings.Contains(out, "`rerig rollback to-1-31-0`") {
		t.Errorf("status: got no hint without flags\n%s", out)
	}
}

// rootOf runs a command line and returns the root namespace that it ended up with.
func rootOf(p *fakeCluster, line string) (code int, root, message string) {
	var o, e strings.Builder
	code = runCommand(context.Background(), strings.Fields(line), Streams{In: strings.NewReader(""), Out: &o, Err: &e},
		func(a *app) (run.Cluster, error) { root = a.root; return p, nil }, &instantClock{now: noon})
	return code, root, e.String()
}

// A command on a run uses the root namespace that its record names, or says which it is.
func TestRunIsContinuedInItsMesh(t *testing.T) {
	p := shop()
	p.world.RootNamespace = "service-mesh"
	if code, root, err := rootOf(p, upgradeLine+" --yes --istio-namespace service-mesh"); code != exitDone || root != "service-mesh" {
		t.Fatalf("got exit code %d in %s: %s", code, root, err)
	}
	if got := p.runs[0].Spec.IstioNamespace; got != "service-mesh" {
		t.Errorf("recorded root namespace: got %q, want service-mesh", got)
	}
	const used = "--istio-namespace service-mesh is used"
	for _, tc := range []struct {
		line string
		want int
		root string
		says string
	}{
		{line: "status", want: exitDone, root: "service-mesh", says: used},
		{line: "status to-1-31-0", want: exitDone, root: "service-mesh", says: used},
		{line: "status --istio-namespace service-mesh", want: exitDone, root: "service-mesh"},
		{line: "status --istio-namespace istio-system", want: exitRefused, root: "istio-system",
			says: "no run of the mesh whose istiod is in namespace istio-system; this cluster has: to-1-31-0 of the mesh"},
		{line: "rollback --yes to-1-31-0 --istio-namespace istio-system", want: exitRefused, root: "istio-system",
			says: "leave --istio-namespace out, or give --istio-namespace service-mesh"},
		{line: upgradeLine + " --yes", want: exitDone, root: "service-mesh", says: used},
		{line: upgradeLine + " --yes --istio-namespace istio-system", want: exitRefused, root: "istio-system",
			says: "differs in spec.istioNamespace: choose another name with --name, or look at that run with " +
				"`rerig status to-1-31-0 --istio-namespace service-mesh`"},
		{line: "rollback --yes", want: exitDone, root: "service-mesh", says: used},
	} {
		code, root, err := rootOf(p, tc.line)
		if code != tc.want || root != tc.root || !strings.Contains(err, tc.says) || tc.says == "" && err != "" {
			t.Errorf("%s: got exit code %d in %s, want %d in %s and %q: %s", tc.line, code, root, tc.want, tc.root, tc.says, err)
		}
	}
}

// An unfinished run of another mesh is named with its own root namespace.
func TestUnfinishedRunOfAnotherMeshIsNamed(t *testing.T) {
	p := shop()
	p.rejectsConfig = "web-0"
	if code, _, err := rootOf(p, upgradeLine+" --yes --istio-namespace service-mesh"); code != exitHeld {
		t.Fatalf("got exit code %d, want %d: %s", code, exitHeld, err)
	}
	code, _, err := rootOf(p, upgradeLine+" --name other --yes")
	if want := "`rerig rollback to-1-31-0 --istio-namespace service-mesh`"; code != exitRefused || !strings.Contains(err, want) {
		t.Errorf("got exit code %d, want %d and %s: %s", code, exitRefused, want, err)
	}
}

// A file may name the root namespace; a flag that differs is refused.
func TestFileNamesTheRootNamespace(t *testing.T) {
	for _, tc := range []struct {
		more string
		want int
		root string
	}{
		{want: exitDone, root: "service-mesh"},
		{more: "--istio-namespace service-mesh", want: exitDone, root: "service-mesh"},
		{more: "--istio-namespace istio-system", want: exitUsage},
	} {
		p := shop()
		addControlPlane(&p.world, "1-31-0", "1.31.0")
		p.world.Sort()
		file := "apiVersion: rerig.dev/v1alpha1\nkind: MeshUpgrade\nspec: {revision: 1-31-0, soak: 1s, istioNamespace: service-mesh}\n"
		var o, e strings.Builder
		root := ""
		code := runCommand(context.Background(), append([]string{"upgrade", "-f", "-", "--yes"}, strings.Fields(tc.more)...),
			Streams{In: strings.NewReader(file), Out: &o, Err: &e},
			func(a *app) (run.Cluster, error) { root = a.root; return p, nil }, &instantClock{now: noon})
		if code != tc.want || root != tc.root {
			t.Errorf("%q: got exit code %d in %q, want %d in %q: %s", tc.more, code, root, tc.want, tc.root, e.String())
		}
	}
}

// A record of version 0.1 does not name its root namespace: the live webhooks do.
func TestFormerRecordInAnotherNamespace(t *testing.T) {
	for _, line := range []string{"status", "rollback --yes"} {
		p := shop()
		if code, _, err := runOn(p, upgradeLine+" --yes"); code != exitDone {
			t.Fatal(err)
		}
		p.runs[0].Spec.IstioNamespace = ""
		writes := len(p.writes)
		p.world = plantest.WithOtherMesh(mesh.World{RootNamespace: "istio-system"}, false)
		code, _, err := runOn(p, line)
		if code != exitRefused || !strings.Contains(err, "--istio-namespace mesh-b") || len(p.writes) > writes {
			t.Errorf("%s: got exit code %d and %d writes, want %d, none and the namespace mesh-b: %s",
				line, code, len(p.writes)-writes, exitRefused, err)
		}
	}
}
