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

// heldAtWeb is a run that is held at Deployment shop-web/web, whose proxy refuses
// what the new revision sends.
func heldAtWeb(t *testing.T) *fakeCluster {
	t.Helper()
	p := shop()
	p.refuses = "web-1"
	if code, _, err := on(p, upgradeLine+" --yes"); code != exitHeld {
		t.Fatalf("exit code %d, want %d: %s", code, exitHeld, err)
	}
	return p
}

// served is what a workload's pods run.
func (p *fakeCluster) served(t *testing.T, key, revision string) {
	t.Helper()
	if wl, _ := p.world.Workload(key); !slices.Equal(wl.Sidecars(), []string{revision}) {
		t.Errorf("%s is on %v, want %s", key, wl.Sidecars(), revision)
	}
}

const leaveWeb = "Deployment shop-web/web=leave"

// TestARuleIsGivenLater: what holds a run is left as it is, once that was agreed to.
// The way back takes it along all the same: the run had moved it.
func TestARuleIsGivenLater(t *testing.T) {
	p := heldAtWeb(t)
	code, out, err := on(p, upgradeLine, "--workload", leaveWeb)
	if code != exitUsage || !strings.Contains(err, "not a terminal") || !strings.Contains(out, "spec.workloads: none -> "+leaveWeb) {
		t.Fatalf("it was not asked for: exit code %d: %s\n%s", code, err, out)
	}
	if rules := p.run("to-1-31-0").Spec.Workloads; len(rules) > 0 {
		t.Fatalf("nobody agreed, and on record is %v", rules)
	}
	if code, out, err = on(p, upgradeLine+" --yes", "--workload", leaveWeb); code != exitDone {
		t.Fatalf("exit code %d: %s\n%s", code, err, out)
	}
	if diff := cmp.Diff([]v1alpha1.WorkloadRule{{Kind: "Deployment", Namespace: "shop-web", Name: "web", Way: "leave"}}, p.run("to-1-31-0").Spec.Workloads); diff != "" {
		t.Errorf("on record (-want +got):\n%s", diff)
	}
	p.served(t, "StatefulSet shop-data/db", "1-31-0")
	if code, out, err = on(p, upgradeLine); code != exitDone || !strings.Contains(out, "Nothing is left") {
		t.Errorf("what is not given stays as it is: exit code %d: %s\n%s", code, err, out)
	}
	p.mend()
	if code, _, err = on(p, "rollback --yes"); code != exitDone {
		t.Fatal(err)
	}
	p.served(t, "Deployment shop-web/web", "1-29-1")
}

// TestTagsAreThoughtOverAgain: kept and moved as it was said last, until they are
// moved.
func TestTagsAreThoughtOverAgain(t *testing.T) {
	p := heldAtWeb(t)
	p.mend()
	at := func(revision string) {
		t.Helper()
		if got := p.world.TagRevisions("default"); !slices.Equal(got, []string{revision}) {
			t.Errorf("the default is at %v, want %s", got, revision)
		}
	}
	if code, _, err := on(p, upgradeLine+" --yes --tags keep"); code != exitDone {
		t.Fatal(err)
	}
	at("1-29-1")
	if code, _, err := on(p, upgradeLine+" --yes"); code != exitDone {
		t.Fatal(err)
	}
	at("1-29-1")
	if code, out, err := on(p, upgradeLine+" --yes --tags move --labels explicit"); code != exitDone || !strings.Contains(out, "spec.labels: restore -> explicit") {
		t.Fatalf("exit code %d: %s\n%s", code, err, out)
	}
	at("1-31-0")
	if ns, _ := p.world.Namespace("shop-web"); ns.Binding() != mesh.Pinned("1-31-0") {
		t.Errorf("shop-web bears %s", ns.Binding())
	}
	code, _, err := on(p, upgradeLine+" --yes --tags keep")
	if code != exitRefused || !strings.Contains(err, "tag default was at 1-29-1 and is at 1-31-0 already") {
		t.Errorf("too late, and yet exit code %d: %s", code, err)
	}
	if code, _, err := on(p, upgradeLine+" --yes --labels restore"); code != exitDone {
		t.Fatal(err)
	}
	if ns, _ := p.world.Namespace("shop-web"); ns.Binding().String() != "istio-injection=enabled" {
		t.Errorf("shop-web bears %s", ns.Binding())
	}
	if code, _, err := on(p, "rollback --yes"); code != exitDone {
		t.Fatal(err)
	}
	at("1-29-1")
}

// TestFromIsSaidLater: a namespace that other hands had moved joins the run, and
// goes back with it. What was found by one word is not read by another.
func TestFromIsSaidLater(t *testing.T) {
	p := shop()
	addPlane(&p.world, "1-31-0", "1.31.0")
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
	if code, _, err := on(p, line); code != exitDone {
		t.Fatal(err)
	}
	for _, wrong := range []string{"1-28-0", "1-31-0"} {
		if code, _, err := on(p, line+" --from "+wrong); code != exitRefused || !strings.Contains(err, "--from "+wrong) || !strings.Contains(err, "has 1-29-1, 1-31-0") {
			t.Errorf("--from %s: exit code %d: %s", wrong, code, err)
		}
		if on := p.run("to-1-31-0").Spec.From; on != "" {
			t.Errorf("on record is from %s", on)
		}
	}
	if code, out, err := on(p, line+" --from 1-29-1"); code != exitDone || !strings.Contains(out, "Wave 3 of 3  early") {
		t.Fatalf("exit code %d: %s\n%s", code, err, out)
	}
	for _, other := range []string{" --from 1-28-0", " --from="} {
		if code, _, err := on(p, line+other); code != exitRefused || !strings.Contains(err, "spec.from") || !strings.Contains(err, "--from 1-29-1") {
			t.Errorf("%s: exit code %d: %s", other, code, err)
		}
	}
	if code, _, err := on(p, "rollback --yes"); code != exitDone {
		t.Fatal(err)
	}
	p.served(t, "Deployment early/bird", "1-29-1")
}

// TestAFileSaysSomeOfIt: what a file says is taken over, the rest is named and stays.
func TestAFileSaysSomeOfIt(t *testing.T) {
	p := heldAtWeb(t)
	p.mend()
	file := filepath.Join(t.TempDir(), "move.yaml")
	text := "apiVersion: rerig.dev/v1alpha1\nkind: MeshUpgrade\nspec:\n  revision: 1-31-0\n  waveCount: 2\n  trial: none\n  workloads:\n  - {kind: Deployment, name: web, way: restart}\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, err := on(p, "upgrade --yes -f "+file)
	if code != exitDone || !strings.Contains(out, "spec.workloads: none -> Deployment */web=restart") || !strings.Contains(err, "does not state spec.soak (5s)") {
		t.Errorf("exit code %d: %s\n%s", code, err, out)
	}
	if got := p.run("to-1-31-0").Spec; got.Soak == nil || len(got.Workloads) != 1 {
		t.Errorf("on record: soak %v, rules %v", got.Soak, got.Workloads)
	}
}

// TestSomebodyElseDoesNotHear: a change to a run on which another process works is
// refused, not dropped.
func TestSomebodyElseDoesNotHear(t *testing.T) {
	p := heldAtWeb(t)
	p.holder = "kim@host, process 7"
	code, _, err := on(p, upgradeLine+" --yes --strategy swap")
	if code != exitRefused || !strings.Contains(err, "kim@host") || !strings.Contains(err, "spec.way: restart -> swap") {
		t.Errorf("exit code %d: %s", code, err)
	}
}

// TestARuleComesTooLateForASwap: what a swap has begun on is not left by a rule that
// names it, and a rule for many says that it is not followed.
func TestARuleComesTooLateForASwap(t *testing.T) {
	p := heldAtWeb(t)
	for i := range p.world.Workloads {
		if wl := &p.world.Workloads[i]; wl.Name == "web" {
			wl.Pods[0].Swap = mesh.Swap{Workload: wl.Key(), Run: "to-1-31-0", Place: mesh.Detached}
		}
	}
	code, _, err := on(p, upgradeLine+" --yes", "--workload", leaveWeb)
	if code != exitRefused || !strings.Contains(err, "a rule says leave, and a swap has begun on it") || !strings.Contains(err, "`rerig rollback to-1-31-0`") {
		t.Errorf("too late, and yet exit code %d: %s", code, err)
	}
	if rules := p.run("to-1-31-0").Spec.Workloads; len(rules) > 0 {
		t.Errorf("on record is %v", rules)
	}
	code, out, err := on(p, strings.Replace(upgradeLine, "upgrade", "plan", 1), "--workload", "Deployment */*=leave")
	if code != exitDone || !strings.Contains(out, "Rules that come too late") || !strings.Contains(out, "rule 'Deployment */*=leave'") {
		t.Errorf("exit code %d: %s\n%s", code, err, out)
	}
}

// TestRulesThatMeanNobody: a rule for a workload that is not there is refused, at once
// and later, and so is a star that is a part of a name.
func TestRulesThatMeanNobody(t *testing.T) {
	held := heldAtWeb(t)
	for rule, c := range map[string]struct {
		code int
		says string
	}{
		"deploy shop-web/web=leave":         {exitDone, ""},
		"Deployment shop-web/wbe=leave":     {exitRefused, "there is Deployment shop-web/web"},
		"StatefulSet */*=evict":             {exitDone, ""},
		"Crew */*=field:spec.renewedAt":     {exitDone, ""},
		"Deployment shop-web/web-*=restart": {exitUsage, "must be the complete part"},
	} {
		for _, p := range []*fakeCluster{shop(), held} {
			code, out, err := on(p, strings.Replace(upgradeLine, "upgrade", "plan", 1), "--workload", rule)
			if code != c.code || !strings.Contains(err, c.says) {
				t.Errorf("%s: exit code %d, want %d: %s", rule, code, c.code, err)
			}
			if noted := strings.Contains(out, "Rules that match nothing"); noted != strings.HasPrefix(rule, "Crew") {
				t.Errorf("%s: noted: %t", rule, noted)
			}
		}
	}
}
