// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rerig/rerig/api/v1alpha1"
	"github.com/rerig/rerig/internal/mesh"
)

// heldAtWeb returns a cluster whose run is held at Deployment shop-web/web: its
// proxy rejects the configuration of the new revision.
func heldAtWeb(t *testing.T) *fakeCluster {
	t.Helper()
	p := shop()
	p.rejectsConfig = "web-1"
	if code, _, err := runOn(p, upgradeLine+" --yes"); code != exitHeld {
		t.Fatalf("got exit code %d, want %d: %s", code, exitHeld, err)
	}
	return p
}

// expectRevision fails the test unless a workload's pods have that revision.
func (p *fakeCluster) expectRevision(t *testing.T, key, revision string) {
	t.Helper()
	if wl, _ := p.world.Workload(mesh.WorkloadRef(key)); !slices.Equal(wl.Sidecars(), []string{revision}) {
		t.Errorf("got sidecars %v of %s, want %s", wl.Sidecars(), key, revision)
	}
}

const leaveWeb = "Deployment shop-web/web=leave"

// A rule leaves the workload at which the run is held, once that is approved. A
// rollback moves that workload all the same: the run had moved it.
func TestRuleAddedToAHeldRun(t *testing.T) {
	p := heldAtWeb(t)
	code, out, err := runOn(p, upgradeLine, "--workload", leaveWeb)
	if code != exitUsage || !strings.Contains(err, "not a terminal") || !strings.Contains(out, "spec.workloads: none -> "+leaveWeb) {
		t.Fatalf("got exit code %d and no question: %s\n%s", code, err, out)
	}
	if rules := p.run("to-1-31-0").Spec.Workloads; len(rules) > 0 {
		t.Fatalf("got recorded rules %v before the approval, want none", rules)
	}
	if code, out, err = runOn(p, upgradeLine+" --yes", "--workload", leaveWeb); code != exitDone {
		t.Fatalf("got exit code %d, want %d: %s\n%s", code, exitDone, err, out)
	}
	want := []v1alpha1.WorkloadRule{{Kind: "Deployment", Namespace: "shop-web", Name: "web", Strategy: "leave"}}
	if diff := cmp.Diff(want, p.run("to-1-31-0").Spec.Workloads); diff != "" {
		t.Errorf("recorded rules (-want +got):\n%s", diff)
	}
	p.expectRevision(t, "StatefulSet shop-data/db", "1-31-0")
	if code, out, err = runOn(p, upgradeLine); code != exitDone || !strings.Contains(out, "Nothing is left") {
		t.Errorf("the same command without the rule: got exit code %d, want %d: %s\n%s", code, exitDone, err, out)
	}
	p.acceptConfig()
	if code, _, err = runOn(p, "rollback --yes"); code != exitDone {
		t.Fatal(err)
	}
	p.expectRevision(t, "Deployment shop-web/web", "1-29-1")
}

// Tags are kept or moved as the last command states, until they are moved.
func TestTagsChangeUntilTheyAreMoved(t *testing.T) {
	p := heldAtWeb(t)
	p.acceptConfig()
	at := func(revision string) {
		t.Helper()
		if got := p.world.TagRevisions("default"); !slices.Equal(got, []string{revision}) {
			t.Errorf("got the default at %v, want %s", got, revision)
		}
	}
	if code, _, err := runOn(p, upgradeLine+" --yes --tags keep"); code != exitDone {
		t.Fatal(err)
	}
	at("1-29-1")
	if code, _, err := runOn(p, upgradeLine+" --yes"); code != exitDone {
		t.Fatal(err)
	}
	at("1-29-1")
	code, out, err := runOn(p, upgradeLine+" --yes --tags move --labels explicit")
	if code != exitDone || !strings.Contains(out, "spec.labels: restore -> explicit") {
		t.Fatalf("got exit code %d, want %d: %s\n%s", code, exitDone, err, out)
	}
	at("1-31-0")
	if ns, _ := p.world.Namespace("shop-web"); ns.Binding() != mesh.BindingTo("1-31-0") {
		t.Errorf("got label %s of shop-web, want the revision's own name", ns.Binding())
	}
	code, _, err = runOn(p, upgradeLine+" --yes --tags keep")
	if code != exitRefused || !strings.Contains(err, "tag default named 1-29-1 and already names 1-31-0") {
		t.Errorf("after the tags moved: got exit code %d, want %d: %s", code, exitRefused, err)
	}
	if code, _, err := runOn(p, upgradeLine+" --yes --labels restore"); code != exitDone {
		t.Fatal(err)
	}
	if ns, _ := p.world.Namespace("shop-web"); ns.Binding().String() != "istio-injection=enabled" {
		t.Errorf("got label %s of shop-web, want its former one", ns.Binding())
	}
	if code, _, err := runOn(p, "rollback --yes"); code != exitDone {
		t.Fatal(err)
	}
	at("1-29-1")
}

// A namespace that another person had moved joins the run and is rolled back with
// it. The recorded --from cannot change: the baseline depends on it.
func TestFromAddedToACompleteRun(t *testing.T) {
	p := shop()
	addControlPlane(&p.world, "1-31-0", "1.31.0")
	p.world.Namespaces = append(p.world.Namespaces, mesh.Namespace{Name: "early", Labels: map[string]string{mesh.RevisionLabel: "1-31-0"}})
	addWorkload(&p.world, mesh.Workload{Kind: mesh.Deployment, Namespace: "early", Name: "bird"})
	bird := &p.world.Workloads[len(p.world.Workloads)-1]
	for i := range bird.Pods {
		bird.Pods[i].Sidecar = mesh.Sidecar{Present: true, Revision: "1-31-0", Version: "1.31.0"}
	}
	for i, x := range p.world.Proxies {
		if x.Namespace == "early" {
			p.world.Proxies[i].Revision, p.world.Proxies[i].Istiod = "1-31-0", "istiod-1-31-0"
		}
	}
	p.world.Sort()
	line := "upgrade --to 1-31-0 --soak 5s --yes"
	if code, _, err := runOn(p, line); code != exitDone {
		t.Fatal(err)
	}
	for _, wrong := range []string{"1-28-0", "1-31-0"} {
		code, _, err := runOn(p, line+" --from "+wrong)
		if code != exitRefused || !strings.Contains(err, "--from "+wrong) || !strings.Contains(err, "has 1-29-1, 1-31-0") {
			t.Errorf("--from %s: got exit code %d, want %d: %s", wrong, code, exitRefused, err)
		}
		if got := p.run("to-1-31-0").Spec.From; got != "" {
			t.Errorf("got recorded from %s, want none", got)
		}
	}
	if code, out, err := runOn(p, line+" --from 1-29-1"); code != exitDone || !strings.Contains(out, "Wave 3 of 3  early") {
		t.Fatalf("got exit code %d, want %d: %s\n%s", code, exitDone, err, out)
	}
	for _, other := range []string{" --from 1-28-0", " --from="} {
		code, _, err := runOn(p, line+other)
		if code != exitRefused || !strings.Contains(err, "spec.from") || !strings.Contains(err, "--from 1-29-1") {
			t.Errorf("%s: got exit code %d, want %d: %s", other, code, exitRefused, err)
		}
	}
	if code, _, err := runOn(p, "rollback --yes"); code != exitDone {
		t.Fatal(err)
	}
	p.expectRevision(t, "Deployment early/bird", "1-29-1")
}

// Fields that a file states are recorded; the others stay, and are named.
func TestUnstatedFieldsOfAFileStay(t *testing.T) {
	p := heldAtWeb(t)
	p.acceptConfig()
	file := filepath.Join(t.TempDir(), "move.yaml")
	text := `apiVersion: rerig.dev/v1alpha1
kind: MeshUpgrade
spec:
  revision: 1-31-0
  waveCount: 2
  trial: none
  workloads:
  - {kind: Deployment, name: web, way: restart}
`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, err := runOn(p, "upgrade --yes -f "+file)
	if code != exitDone || !strings.Contains(out, "spec.workloads: none -> Deployment */web=restart") ||
		!strings.Contains(err, "does not state spec.soak (5s)") {
		t.Errorf("got exit code %d, want %d: %s\n%s", code, exitDone, err, out)
	}
	if got := p.run("to-1-31-0").Spec; got.Soak == nil || len(got.Workloads) != 1 {
		t.Errorf("got recorded soak %v and rules %v, want 5s and one rule", got.Soak, got.Workloads)
	}
}

// A change to a run on which another process works is refused, not ignored.
func TestChangeWhileAnotherProcessWorks(t *testing.T) {
	p := heldAtWeb(t)
	p.leaseHolder = "kim@host, process 7"
	code, _, err := runOn(p, upgradeLine+" --yes --strategy swap")
	if code != exitRefused || !strings.Contains(err, "kim@host") || !strings.Contains(err, "spec.strategy: restart -> swap") {
		t.Errorf("got exit code %d, want %d: %s", code, exitRefused, err)
	}
}

// A rule that names a workload whose swap has begun is refused; a rule for many
// says that it comes too late for that workload.
func TestRuleTooLateForASwap(t *testing.T) {
	p := heldAtWeb(t)
	for i := range p.world.Workloads {
		if wl := &p.world.Workloads[i]; wl.Name == "web" {
			wl.Pods[0].Swap = mesh.Swap{Workload: wl.Ref(), Run: "to-1-31-0", Place: mesh.Detached}
		}
	}
	code, _, err := runOn(p, upgradeLine+" --yes", "--workload", leaveWeb)
	if code != exitRefused || !strings.Contains(err, "a rule says leave, but its swap has begun") ||
		!strings.Contains(err, "`rerig rollback to-1-31-0`") {
		t.Errorf("got exit code %d, want %d: %s", code, exitRefused, err)
	}
	if rules := p.run("to-1-31-0").Spec.Workloads; len(rules) > 0 {
		t.Errorf("got recorded rules %v, want none", rules)
	}
	code, out, err := runOn(p, strings.Replace(upgradeLine, "upgrade", "plan", 1), "--workload", "Deployment */*=leave")
	if code != exitDone || !strings.Contains(out, "Rules without effect on a started swap") ||
		!strings.Contains(out, "rule 'Deployment */*=leave'") {
		t.Errorf("got exit code %d, want %d: %s\n%s", code, exitDone, err, out)
	}
}

// A rule for a workload that does not exist is refused, for a new run and a held
// one, and so is a star that is a part of a name.
func TestRulesThatMatchNothing(t *testing.T) {
	held := heldAtWeb(t)
	for _, c := range []struct {
		rule, says string
		want       int
		noted      bool
	}{
		{rule: "deploy shop-web/web=leave"},
		{rule: "Deployment shop-web/wbe=leave", want: exitRefused, says: "has Deployment shop-web/web"},
		{rule: "StatefulSet */*=evict"},
		{rule: "Crew */*=field:spec.renewedAt", noted: true},
		{rule: "Deployment shop-web/web-*=restart", want: exitUsage, says: "must be the complete part"},
	} {
		t.Run(c.rule, func(t *testing.T) {
			for _, p := range []*fakeCluster{shop(), held} {
				code, out, err := runOn(p, strings.Replace(upgradeLine, "upgrade", "plan", 1), "--workload", c.rule)
				if code != c.want || !strings.Contains(err, c.says) {
					t.Errorf("got exit code %d, want %d and %q: %s", code, c.want, c.says, err)
				}
				if got := strings.Contains(out, "Rules that match no workload"); got != c.noted {
					t.Errorf("got noted %t, want %t", got, c.noted)
				}
			}
		})
	}
}
