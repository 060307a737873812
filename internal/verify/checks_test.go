// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/rerig/rerig/internal/mesh"
)

// goodFacts returns facts that pass every check: a workload of two pods on 1-31-0.
func goodFacts() Facts {
	revision := func(name string) mesh.Revision {
		return mesh.Revision{Name: name, Version: "1.31.0", Replicas: 1, Ready: 1,
			Istiods: []mesh.Istiod{{Pod: "istiod-" + name, Ready: true, Version: "1.31.0",
				Names: []string{"istiod.istio-system.svc", "*.ISTIO-SYSTEM.svc"}}}}
	}
	wl := mesh.Workload{Kind: mesh.Deployment, Namespace: "a", Name: "x", Replicas: 2, Rollout: mesh.Rollout{Done: true}}
	w := mesh.World{RootNamespace: "istio-system", Roots: []string{"aaaa"}, Revisions: []mesh.Revision{revision("1-29-1"), revision("1-31-0")},
		Webhooks: []mesh.Webhook{{Configuration: "istio-sidecar-injector-1-31-0", Revision: "1-31-0", Roots: []string{"aaaa"}}}}
	for _, pod := range []string{"x0", "x1"} {
		wl.Pods = append(wl.Pods, mesh.Pod{Name: pod, Running: true, Ready: true, Current: true,
			Sidecar: mesh.Sidecar{Present: true, Revision: "1-31-0"}})
		w.Proxies = append(w.Proxies, mesh.Proxy{Namespace: "a", Pod: pod, Istiod: "istiod-1-31-0", Revision: "1-31-0",
			Sent: []string{"CDS", "LDS"}})
	}
	w.Workloads = []mesh.Workload{wl}
	return Facts{
		World:           w,
		Revision:        "1-31-0",
		Version:         "1.31.0",
		Workload:        wl,
		Sidecars:        map[mesh.WorkloadRef]string{wl.Ref(): "1-29-1"},
		MovedNamespaces: map[string]bool{"a": true},
		OldRevisions:    []string{"1-29-1"},
		Setups: mesh.ControlPlaneSettings{
			HasRootCertificate: map[string]bool{"a": true},
			CRDVersions:        []string{"1.31.0"},
			ControlPlanes:      []mesh.ControlPlane{setup("1-29-1"), setup("1-31-0")},
		},
		Certificate: &mesh.Certificate{Pod: "x0", Identity: "spiffe://cluster.local/ns/a/sa/x", Chains: true},
		Compared:    &Comparison{Pod: "x1", With: "x0", Resources: 12},
	}
}

// setup returns a control plane that is configured like every other one.
func setup(revision string) mesh.ControlPlane {
	return mesh.ControlPlane{Revision: revision, TrustDomain: "cluster.local", Hosts: []string{"istiod-" + revision + ".istio-system.svc"},
		Templates: mesh.BuiltInTemplates(),
		Settings:  []mesh.Setting{{Group: mesh.MeshConfig, Key: "enableTracing", Value: "true"}},
		Discovery: []mesh.Selector{{{Key: "mesh", Operator: mesh.DoesNotExist}}}}
}

// removalFacts returns facts of a revision that nothing uses any more.
func removalFacts() Facts {
	f := goodFacts()
	f.Revision = "1-29-1"
	f.World.Components = []mesh.Component{{Kind: "Deployment", Namespace: "istio-system", Name: "istiod-1-29-1",
		Revision: "1-29-1", IstioComponent: "Pilot"}}
	return f
}

func TestEveryCheckPassesAndFails(t *testing.T) {
	for _, c := range All() {
		facts := goodFacts
		if len(only(slices.Concat(Removal, ManagedRemoval), c.Name)) > 0 {
			facts = removalFacts
		}
		t.Run(c.Name, func(t *testing.T) {
			if v := c.On("x", facts()); v.Result != Pass || v.Hint != "" {
				t.Errorf("good facts: got %+v, want pass without a hint", v)
			}
			if len(failures[c.Name]) == 0 {
				t.Error("no facts that fail the check")
			}
			for _, bad := range failures[c.Name] {
				t.Run(bad.name, func(t *testing.T) {
					f := facts()
					bad.breaks(&f)
					if v := c.On("x", f); v.Result != bad.want || v.Reason == "" || v.Hint == "" {
						t.Errorf("got %+v, want %s with a reason and a hint", v, bad.want)
					}
				})
			}
		})
	}
}

// referencePage returns docs/reference/checks.md.
func referencePage(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/reference/checks.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// unwrapped returns a text on one line.
func unwrapped(text string) string { return strings.Join(strings.Fields(text), " ") }

func TestReferencePageDescribesEveryCheck(t *testing.T) {
	text := unwrapped(referencePage(t))
	for _, c := range All() {
		entry := unwrapped("## " + c.Name + "\n\n" + c.Description + "\n\n**If not:** " + c.Hint)
		if c.Description == "" || c.Hint == "" || !strings.Contains(text, entry) {
			t.Errorf("docs/reference/checks.md lacks this section:\n%s", entry)
		}
	}
}

// A gateway waits for connections, not for requests, and has a limit.
func TestGatewayWaitsForItsConnections(t *testing.T) {
	for _, tc := range []struct {
		name    string
		gateway bool
		want    string
	}{
		{name: "workload", want: "A long-lived connection keeps the parked pod from being deleted."},
		{name: "gateway", gateway: true, want: "after --park-max, which cuts the rest"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			v := ParkedPodIdle.On("x", Facts{Workload: mesh.Workload{Gateway: tc.gateway}, Pending: "pod x0 is still in use: 3 open connections"})
			if !strings.Contains(v.Hint, tc.want) || !strings.Contains(unwrapped(referencePage(t)), v.Hint) {
				t.Errorf("got hint %q, want %q in it, and it on the reference page", v.Hint, tc.want)
			}
		})
	}
}

func TestReferencePageHasOneHeadingPerName(t *testing.T) {
	text := referencePage(t)
	for line := range strings.Lines(text) {
		name, is := strings.CutPrefix(strings.TrimSpace(line), "## ")
		if is && !slices.Contains(Names(), name) {
			t.Errorf("heading %s names no check", name)
		}
	}
	for _, name := range Names() {
		if n := strings.Count(text, "\n## "+name+"\n"); n != 1 {
			t.Errorf("%s: got %d headings, want 1", name, n)
		}
	}
}

func TestSetsHaveTheirChecks(t *testing.T) {
	for _, tc := range []struct {
		name string
		set  []Check
		want string
	}{
		{"replacement pod", ReplacementPod, "replacement-serves istiods-answer configuration-accepted " +
			"proxy-connected configuration-acknowledged"},
		{"trial pod", TrialPod, "trial-pod-ready pods-running sidecar-revision istiods-answer configuration-accepted " +
			"proxy-connected configuration-acknowledged"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var names []string
			for _, c := range tc.set {
				names = append(names, c.Name)
			}
			if got := strings.Join(names, " "); got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}

// Roots that proxies trusted before the move count if istiod's ConfigMap has another root.
func TestPreviouslyTrustedRootPasses(t *testing.T) {
	f := goodFacts()
	f.TrustedRoots = []string{"bbbb"}
	f.Certificate = &mesh.Certificate{Pod: "x0", Identity: "spiffe://cluster.local/ns/a/sa/x", Problem: "unknown authority",
		TrustedRoots: []string{"bbbb", "cccc"}, ChainRoots: []string{"bbbb"}}
	if v := Worst(Evaluate(WorkloadVerification, "x", f)); v.Result != Pass || !strings.Contains(v.Reason, "trusted before the move") {
		t.Errorf("got %+v, want pass because of a root trusted before the move", v)
	}
}

// The version of an istiod that does not answer is a guess from its image's tag.
func TestUnansweringIstiodWaitsWhateverItsTag(t *testing.T) {
	for _, tag := range []string{"1.31.0-distroless", "", "1.30.0"} {
		t.Run("tag "+tag, func(t *testing.T) {
			f := goodFacts()
			r := &f.World.Revisions[1]
			r.Replicas, r.Ready = 2, 2
			r.Istiods = append(r.Istiods, mesh.Istiod{Pod: "istiod-1-31-0-b", Ready: true, Version: tag, NoAnswer: "no answer within 5s"})
			if v := Worst(Evaluate(ControlPlaneValidation, "1-31-0", f)); v.Result != Wait || v.Check != "istiod-answers" {
				t.Errorf("got %+v, want istiod-answers to wait", v)
			}
		})
	}
}

func TestRollbackIgnoresTheControlPlaneItLeaves(t *testing.T) {
	f := goodFacts()
	f.Rollback, f.World.Revisions[0].Istiods[0].NoAnswer = true, "timeout"
	if v := Worst(Evaluate(WorkloadVerification, "x", f)); v.Result != Pass {
		t.Errorf("got %+v, want pass", v)
	}
}

func TestProxyVersionHasExceptions(t *testing.T) {
	for _, tc := range []struct {
		name    string
		changes func(*Facts)
	}{
		{"the template names the image", func(f *Facts) {
			f.Workload.Template.Annotations = map[string]string{imageAnnotation: "example.com/proxyv2:1.29.1"}
		}},
		{"rollback", func(f *Facts) { f.Rollback = true }},
		{"variant of the version", func(f *Facts) { f.World.Revisions[1].Version = "1.29.1-distroless" }},
		{"version unknown", func(f *Facts) { f.World.Revisions[1].Version = "" }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f := goodFacts()
			f.World.Proxies[0].Version = "1.29.1"
			tc.changes(&f)
			if v := Worst(Evaluate(WorkloadVerification, "x", f)); v.Result != Pass {
				t.Errorf("got %+v, want pass", v)
			}
		})
	}
}

func TestWorstVerdictDecides(t *testing.T) {
	v := func(r Result, reason string) Verdict { return Verdict{Result: r, Reason: reason} }
	for _, tc := range []struct {
		name     string
		verdicts []Verdict
		want     Verdict
	}{
		{"the first that fails", []Verdict{v(Pass, "a"), v(Wait, "b"), v(Fail, "c"), v(Fail, "d")}, v(Fail, "c")},
		{"the first that waits", []Verdict{v(Pass, "a"), v(Wait, "b"), v(Wait, "c")}, v(Wait, "b")},
		{"all pass", []Verdict{v(Pass, "a"), v(Pass, ""), v(Pass, "c")}, v(Pass, "a, c")},
		{"a failure before a wait", []Verdict{v(Fail, "a"), v(Wait, "b")}, v(Fail, "a")},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := Worst(tc.verdicts); got != tc.want {
				t.Errorf("got %+v, want %+v", got, tc.want)
			}
		})
	}
}

// A revision without a Deployment serves no proxy. A proxy that another revision
// serves does not use it, even if its own revision is unknown.
func TestPartlyRemovedRevisionPasses(t *testing.T) {
	f := removalFacts()
	f.World.Components[0].Kind, f.World.Revisions[0].Istiods = "Service", nil
	f.World.Workloads[0].Pods[1].Sidecar.Revision = ""
	if v := Worst(Evaluate(Removal, "x", f)); v.Result != Pass {
		t.Errorf("got %+v, want pass", v)
	}
}

// A hint's commands name what was checked.
func TestHintsNameWhatWasChecked(t *testing.T) {
	f := Facts{World: mesh.World{RootNamespace: "service-mesh"}, Revision: "1-31-0", Workload: mesh.Workload{Namespace: "shop"}}
	for _, tc := range []struct{ hint, want string }{
		{hint: "`kubectl -n istio-system describe pods -l app=istiod`", want: "`kubectl -n service-mesh describe pods -l app=istiod`"},
		{hint: "`kubectl describe pods -n NAMESPACE`", want: "`kubectl describe pods -n shop`"},
		{hint: "`kubectl get service -l istio.io/rev=REVISION`", want: "`kubectl get service -l istio.io/rev=1-31-0`"},
		{hint: "label it istio.io/rev=REVISION", want: "label it istio.io/rev=REVISION"},
	} {
		check := Check{Hint: tc.hint, Evaluate: func(Facts) (Result, string) { return Fail, "" }}
		if got := check.On("x", f).Hint; got != tc.want {
			t.Errorf("got %s, want %s", got, tc.want)
		}
		if got := check.On("x", Facts{}).Hint; got != tc.hint {
			t.Errorf("nothing is known: got %s, want %s", got, tc.hint)
		}
	}
}
