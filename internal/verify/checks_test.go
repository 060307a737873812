// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/rerig/rerig/internal/mesh"
)

// good are facts that every check passes: a workload of two pods on 1-31-0.
func good() Facts {
	revision := func(name string) mesh.Revision {
		return mesh.Revision{Name: name, Version: "1.31.0", Wanted: 1, Ready: 1, Istiods: []mesh.Istiod{{Pod: "istiod-" + name, Ready: true, Version: "1.31.0"}}}
	}
	wl := mesh.Workload{Kind: mesh.Deployment, Namespace: "a", Name: "x", Wanted: 2, Rollout: mesh.Rollout{Done: true}}
	w := mesh.World{Roots: []string{"aaaa"}, Revisions: []mesh.Revision{revision("1-29-1"), revision("1-31-0")},
		Webhooks: []mesh.Webhook{{Configuration: "istio-sidecar-injector-1-31-0", Revision: "1-31-0", Roots: []string{"aaaa"}}}}
	for _, pod := range []string{"x0", "x1"} {
		wl.Pods = append(wl.Pods, mesh.Pod{Name: pod, Running: true, Ready: true, Current: true, Sidecar: mesh.Sidecar{Present: true, Revision: "1-31-0"}})
		w.Proxies = append(w.Proxies, mesh.Proxy{Namespace: "a", Pod: pod, Istiod: "istiod-1-31-0", Revision: "1-31-0", Sent: []string{"CDS", "LDS"}})
	}
	w.Workloads = []mesh.Workload{wl}
	return Facts{World: w, Revision: "1-31-0", Version: "1.31.0", Workload: wl, Sidecars: map[string]string{wl.Key(): "1-29-1"}, Moved: map[string]bool{"a": true},
		Olds: []string{"1-29-1"}, Setups: mesh.Setups{Rooted: map[string]bool{"a": true}, Definitions: []string{"1.31.0"},
			Planes: []mesh.Setup{plane("1-29-1"), plane("1-31-0")}},
		Certificate: &mesh.Certificate{Pod: "x0", Identity: "spiffe://cluster.local/ns/a/sa/x", Chains: true}}
}

// plane is a control plane that is set up as every other one.
func plane(revision string) mesh.Setup {
	return mesh.Setup{Revision: revision, TrustDomain: "cluster.local", Settings: []mesh.Setting{{Group: mesh.MeshConfig, Key: "enableTracing", Value: "true"}},
		Discovery: []mesh.Selector{{{Key: "mesh", Operator: mesh.DoesNotExist}}}}
}

// fails has, for each check, facts that don't pass it, and how they come out.
var fails = map[string][]struct {
	what   string
	breaks func(*Facts)
	want   Result
}{
	"revision-whole": {
		{"no such revision", func(f *Facts) { f.World.Revisions = f.World.Revisions[:1] }, Fail},
		{"no webhook", func(f *Facts) { f.World.Revisions[1].Missing = []string{"webhook x"} }, Wait}},
	"istiod-ready": {
		{"not ready", func(f *Facts) { f.World.Revisions[1].Ready = 0 }, Wait},
		{"scaled to none", func(f *Facts) { f.World.Revisions[1].Wanted = 0 }, Wait}},
	"istiod-answers": {
		{"silent", func(f *Facts) { f.World.Revisions[1].Istiods[0].Silence = "timeout" }, Wait},
		{"out of date", func(f *Facts) { f.World.Revisions[1].Istiods[0].Stale = "out of date by this machine's clock" }, Wait},
		{"no certificate, of the old one", func(f *Facts) { f.InUse, f.World.Revisions[1].Istiods[0].Shut = true, "connection refused" }, Warn},
		{"no certificate", func(f *Facts) { f.World.Revisions[1].Istiods[0].Shut = "connection refused" }, Wait},
		{"no pod", func(f *Facts) { f.World.Revisions[1].Istiods = nil }, Wait}},
	"webhook-certificate": {
		{"none", func(f *Facts) { f.World.Webhooks[0].Roots = nil }, Wait},
		{"no webhook", func(f *Facts) { f.World.Webhooks = nil }, Wait}},
	"trust-root": {
		{"another", func(f *Facts) { f.World.Webhooks[0].Roots = []string{"bbbb"} }, Fail},
		{"of what it serves", func(f *Facts) { f.World.Revisions[1].Istiods[0].Foreign = "unknown authority" }, Fail},
		{"in a bundle", func(f *Facts) { f.World.Roots, f.World.Revisions[1].Bundled = nil, true }, Warn},
		{"unknown", func(f *Facts) { f.World.Roots = nil }, Wait}},
	"istiod-version": {
		{"another", func(f *Facts) { f.World.Revisions[1].Istiods[0].Version = "1.30.0" }, Fail}},
	"nothing-moved": {
		{"by itself", func(f *Facts) { f.Moved = nil }, Fail}},
	"rollout-done": {
		{"going on", func(f *Facts) { f.Workload.Rollout = mesh.Rollout{Message: "1 of 2 updated"} }, Wait},
		{"evicted and not back", func(f *Facts) { f.Evicted, f.Workload.Pods = true, f.Workload.Pods[:1] }, Wait},
		{"evicted and not ready", func(f *Facts) {
			f.Evicted, f.Workload.Pods[1].Ready, f.Workload.Pods[1].Trouble = true, false, "ImagePullBackOff"
		}, Wait},
		{"evicted and going", func(f *Facts) { f.Evicted, f.Workload.Pods[1].Terminating = true, true }, Wait},
		{"image", func(f *Facts) { f.Workload.Rollout.Done = false; f.Workload.Pods[0].Trouble = "ImagePullBackOff" }, Wait}},
	"room-for-surge": {
		{"quota", func(f *Facts) {
			f.More, f.World.Room.Quotas = 1, []mesh.Quota{{Namespace: "a", Name: "q", Resource: "pods", Hard: 2, Used: 2}}
		}, Wait},
		{"a keeper's", func(f *Facts) {
			f.Services, f.World.Room.Quotas = 1, []mesh.Quota{{Namespace: "a", Name: "q", Resource: "services", Hard: 2, Used: 2}}
		}, Wait}},
	"pods-running": {
		{"too few", func(f *Facts) { f.Workload.Pods = f.Workload.Pods[:1] }, Wait},
		{"pending", func(f *Facts) { f.Workload.Pods[0].Running = false }, Wait},
		{"none", func(f *Facts) { f.Workload.Pods, f.Workload.Wanted = nil, 0 }, Wait}},
	"sidecar-revision": {
		{"old", func(f *Facts) { f.Workload.Pods[0].Sidecar.Revision = "1-29-1" }, Wait},
		{"none", func(f *Facts) { f.Workload.Pods[0].Sidecar = mesh.Sidecar{} }, Wait},
		{"old after restarts", func(f *Facts) { f.Workload.Pods[0].Sidecar.Revision, f.Restarted = "1-29-1", true }, Fail}},
	"istiods-answer": {
		{"target silent", func(f *Facts) { f.World.Revisions[1].Istiods[0].Silence = "timeout" }, Wait},
		{"other silent", func(f *Facts) { f.World.Revisions[0].Istiods[0].Silence = "timeout" }, Wait}},
	"configuration-accepted": {
		{"refused by a pod that does not run for it", func(f *Facts) {
			f.Workload.Pods[1].Running, f.World.Proxies[1].Rejected = false, []mesh.Rejection{{Type: "LDS", Reason: "no such filter"}}
		}, Fail},
		{"refused", func(f *Facts) {
			f.World.Proxies[1].Rejected = []mesh.Rejection{{Type: "LDS", Reason: "no such filter"}}
		}, Fail}},
	"proxy-connected": {
		{"nowhere", func(f *Facts) { f.World.Proxies = f.World.Proxies[:1] }, Wait},
		{"elsewhere", func(f *Facts) { f.World.Proxies[0].Revision = "1-29-1" }, Wait}},
	"configuration-acknowledged": {
		{"behind", func(f *Facts) { f.World.Proxies[0].Unacked = []string{"CDS"} }, Wait},
		{"nothing sent", func(f *Facts) { f.World.Proxies[0].Sent = []string{"CDS"} }, Wait}},
	"trial-ready": {
		{"not ready", func(f *Facts) { f.Workload.Pods[0].Ready, f.Workload.Pods[0].Trouble = false, "app: ImagePullBackOff" }, Wait},
		{"no pod", func(f *Facts) { f.Workload.Pods = nil }, Wait}},
	"removal-only-its-own": {
		{"a definition", func(f *Facts) { f.World.Belongings[0].Kind = "CustomResourceDefinition" }, Fail},
		{"the authority", func(f *Facts) { f.World.Belongings[0].Name = "istio-ca-secret" }, Fail},
		{"a gateway", func(f *Facts) { f.World.Belongings[0].Component = "IngressGateways" }, Fail}},
	"revision-unused": {
		{"a pod", func(f *Facts) { f.World.Workloads[0].Pods[1].Sidecar.Revision = "1-29-1" }, Fail},
		{"a proxy that does not say whose it is", func(f *Facts) {
			f.World.Workloads[0].Pods[1].Sidecar.Revision, f.World.Proxies = "", nil
		}, Fail},
		{"such a one, connected to it", func(f *Facts) {
			f.World.Workloads[0].Pods[1].Sidecar.Revision, f.World.Proxies[1].Revision = "", "1-29-1"
		}, Fail}},
	"revision-unnamed": {
		{"a namespace", func(f *Facts) {
			f.World.Namespaces = []mesh.Namespace{{Name: "z", Labels: map[string]string{mesh.RevisionLabel: "1-29-1"}}}
		}, Fail},
		{"a template", func(f *Facts) { f.World.Workloads[0].Template.Labels = map[string]string{mesh.RevisionLabel: "1-29-1"} }, Fail},
		{"a template that it injects, of what has no pods now", func(f *Facts) {
			f.World.Namespaces, f.World.Webhooks = []mesh.Namespace{{Name: "batch"}}, []mesh.Webhook{{Revision: "1-29-1", Objects: mesh.Selector{{Key: mesh.SidecarLabel, Operator: mesh.In, Values: []string{"true"}}}}}
			f.World.Workloads = append(f.World.Workloads, mesh.Workload{Kind: mesh.CronJob, Namespace: "batch", Name: "nightly", Template: mesh.Template{Labels: map[string]string{mesh.SidecarLabel: "true"}}})
		}, Fail},
		{"a tag", func(f *Facts) { f.World.Tags = []mesh.Tag{{Name: "prod", Revision: "1-29-1"}} }, Fail},
		{"a tag, by its Service", func(f *Facts) {
			f.World.Tags = []mesh.Tag{{Name: "prod", Revision: "1-31-0", Service: "1-29-1"}}
		}, Fail},
		{"an entry, through a tag", func(f *Facts) {
			f.World.Tags = []mesh.Tag{{Name: "prod", Revision: "1-29-1"}}
			f.World.Claims = []mesh.Claim{{Subject: "WorkloadEntry a/b", Value: "prod"}}
		}, Fail},
		{"another's webhook", func(f *Facts) { f.World.Webhooks[0].Service = "istio-system/istiod-1-29-1" }, Fail}},
	"revision-unstamped": {
		{"CNI", func(f *Facts) {
			f.World.Belongings = append(f.World.Belongings, mesh.Belonging{Kind: "DaemonSet", Name: "istio-cni-node", Revision: "1-29-1", Component: "Cni", Shared: true})
		}, Fail}},
	"revision-unconnected": {
		{"scaled to zero", func(f *Facts) { f.World.Revisions[0].Istiods = nil }, Wait},
		{"silent", func(f *Facts) { f.World.Revisions[0].Istiods[0].Silence = "timeout" }, Wait},
		{"a VM", func(f *Facts) {
			f.World.Proxies = append(f.World.Proxies, mesh.Proxy{Namespace: "vms", Pod: "legacy", Revision: "1-29-1"})
		}, Wait}},
	"removed-by-others": {
		{"the Sail operator", func(f *Facts) { f.World.Belongings[0].Hands = "the Sail operator" }, Wait}},
	"trust-domain": {
		{"another", func(f *Facts) { f.Setups.Planes[1].TrustDomain = "prod" }, Fail},
		{"not read", func(f *Facts) { f.Setups.Planes[1].TrustDomain = "" }, Warn},
		{"the old one's not read", func(f *Facts) { f.Setups.Planes[0].TrustDomain = "" }, Warn}},
	"discovery-selectors": {
		{"unseen", func(f *Facts) { f.Setups.Planes[1].Discovery = []mesh.Selector{{{Key: "mesh", Operator: mesh.Exists}}} }, Fail}},
	"root-in-namespaces": {
		{"none", func(f *Facts) { f.Setups.Rooted["a"] = false }, Wait}},
	"definitions-new-enough": {
		{"older", func(f *Facts) { f.Setups.Definitions = []string{"1.29.1", "1.31.0"} }, Warn}},
	"configured-alike": {
		{"drifted", func(f *Facts) { f.Setups.Planes[1].Settings = nil }, Warn},
		{"unknown", func(f *Facts) { f.Setups.Unknown = []string{"autoscalers"} }, Warn}},
	"pod-admitted": {
		{"refused", func(f *Facts) { f.Attempts = []mesh.Attempt{{Pod: true, Refusal: "no endpoints"}} }, Wait},
		{"bare", func(f *Facts) { f.Attempts = []mesh.Attempt{{Pod: true, Admitted: true}} }, Wait},
		{"no room", func(f *Facts) { f.Attempts = []mesh.Attempt{{Pod: true, Full: true, Refusal: "exceeded quota"}} }, Warn},
		{"another's", func(f *Facts) {
			f.Attempts = []mesh.Attempt{{Pod: true, Admitted: true, Sidecar: mesh.Sidecar{Present: true, Revision: "1-29-1"}}}
		}, Wait}},
	"configuration-admitted": {
		{"refused", func(f *Facts) { f.Attempts = []mesh.Attempt{{Refusal: "no endpoints"}} }, Wait}},
	"configuration-refused": {
		{"passed", func(f *Facts) { f.Attempts = []mesh.Attempt{{Invalid: true, Admitted: true}} }, Wait}},
	"replacement-serves": {
		{"not yet", func(f *Facts) { f.Pending = "pod x2 to get ready" }, Wait}},
	"replacement-revision": {
		{"of another", func(f *Facts) { f.Pending = "pod x2 carries a sidecar of 1-29-1" }, Fail}},
	"kept-pod-quiet": {
		{"busy", func(f *Facts) { f.Pending = "pod x0 to be quiet: 2 requests" }, Wait}},
	"kept-pod-ended": {
		{"a finalizer", func(f *Facts) { f.Pending = "pod x0 to end" }, Wait}},
	"trial-pod-led-to": {
		{"no endpoint", func(f *Facts) { f.Pending = "trial pod x9 to be an endpoint of x" }, Wait}},
	"proxy-version": {
		{"old", func(f *Facts) { f.World.Proxies[1].Version = "1.29.1" }, Warn}},
	"certificate-chains": {
		{"foreign", func(f *Facts) { f.Certificate = &mesh.Certificate{Problem: "unknown authority"} }, Fail},
		{"of an authority that nobody trusted before", func(f *Facts) {
			f.Certificate, f.Trusted = &mesh.Certificate{Problem: "unknown authority", Trusts: []string{"cccc"}, Leads: []string{"cccc"}}, []string{"bbbb"}
		}, Fail},
		{"of its own authority alone", func(f *Facts) {
			f.Certificate = &mesh.Certificate{Problem: "unknown authority", Trusts: []string{"cccc"}, Leads: []string{"cccc"}}
		}, Fail},
		{"asked for and not there", func(f *Facts) { f.Certificate = &mesh.Certificate{Problem: "holds no certificate of its own"} }, Fail},
		{"not valid yet", func(f *Facts) {
			f.Certificate = &mesh.Certificate{Early: true, Problem: "out of date by this machine's clock"}
		}, Wait},
		{"no mTLS", func(f *Facts) {
			f.Certificate = &mesh.Certificate{Unasked: true, Problem: "holds no certificate of its own"}
		}, Warn},
		{"silent", func(f *Facts) { f.Certificate, f.Silence = nil, "timeout" }, Wait},
		{"not asked", func(f *Facts) { f.Certificate = nil }, Wait}},
}

// departing are facts of a revision that nothing holds on to.
func departing() Facts {
	f := good()
	f.Revision = "1-29-1"
	f.World.RootNamespace = "istio-system"
	f.World.Belongings = []mesh.Belonging{{Kind: "Deployment", Namespace: "istio-system", Name: "istiod-1-29-1", Revision: "1-29-1", Component: "Pilot"}}
	return f
}

// all is every check, once.
var all = slices.Concat(Admission, Before, Proof, Departure, LeftToOthers, PodTrial, ConfigurationTrial, Alike, Tried[:1], Replaced[:1], []Check{Misled, Retired, Ended, Led})

// entry is what docs/checks.md says of a check.
func entry(c Check) string {
	return "\n## " + c.Name + "\n\n" + c.Description + "\n\nWhen it does not hold: " + c.Hint + "\n"
}

func TestEveryCheckCanFailAndSaysWhy(t *testing.T) {
	docs := page(t)
	for _, c := range all {
		t.Run(c.Name, func(t *testing.T) {
			if c.Description == "" || c.Hint == "" || !strings.Contains(docs, entry(c)) {
				t.Errorf("it lacks a description or a hint, or docs/checks.md does not say the same of it:\n%s", entry(c))
			}
			good := good
			if slices.ContainsFunc(slices.Concat(Departure, LeftToOthers), func(d Check) bool { return d.Name == c.Name }) {
				good = departing
			}
			if v := c.On("x", good()); v.Result != Pass || v.Hint != "" {
				t.Errorf("good facts come out as %+v", v)
			}
			if len(fails[c.Name]) == 0 {
				t.Error("nothing is known that it doesn't pass")
			}
			for _, bad := range fails[c.Name] {
				f := good()
				bad.breaks(&f)
				if v := c.On("x", f); v.Result != bad.want || v.Reason == "" || v.Hint == "" {
					t.Errorf("%s comes out as %+v, want %s", bad.what, v, bad.want)
				}
			}
		})
	}
}

func page(t *testing.T) string {
	t.Helper()
	docs, err := os.ReadFile("../../docs/checks.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(docs)
}

// judgedByTheRun are verdicts that no check gives: the run itself does, of what
// it does. That they are all here, internal/engine sees.
var judgedByTheRun = []string{"label-committed", "tag-moved", "soak"}

func TestThePageNamesNothingThatIsNoVerdict(t *testing.T) {
	known := slices.Clone(judgedByTheRun)
	for _, c := range all {
		known = append(known, c.Name)
	}
	for line := range strings.Lines(page(t)) {
		name, is := strings.CutPrefix(strings.TrimSpace(line), "## ")
		if is && !slices.Contains(known, name) {
			t.Errorf("%s is no verdict's name", name)
		}
	}
	for _, name := range known {
		if n := strings.Count(page(t), "\n## "+name+"\n"); n != 1 {
			t.Errorf("%s has %d headings", name, n)
		}
	}
}

// What proxies went by before the move counts where istiod's ConfigMap has another root.
func TestAnAuthorityThatWasTrustedBefore(t *testing.T) {
	f := good()
	f.Trusted = []string{"bbbb"}
	f.Certificate = &mesh.Certificate{Pod: "x0", Identity: "spiffe://cluster.local/ns/a/sa/x", Problem: "unknown authority", Trusts: []string{"bbbb", "cccc"}, Leads: []string{"bbbb"}}
	if v := Worst(Judge(Proof, "x", f)); v.Result != Pass || !strings.Contains(v.Reason, "trusted before the move") {
		t.Errorf("%+v", v)
	}
}

// Of an istiod that has not answered yet the image's tag is no version that could fail it.
func TestASilentIstiodIsWaitedFor(t *testing.T) {
	for _, tag := range []string{"1.31.0-distroless", "", "1.30.0"} {
		f := good()
		r := &f.World.Revisions[1]
		r.Wanted, r.Ready = 2, 2
		r.Istiods = append(r.Istiods, mesh.Istiod{Pod: "istiod-1-31-0-b", Ready: true, Version: tag, Silence: "no answer within 5s"})
		if v := Worst(Judge(Admission, "1-31-0", f)); v.Result != Wait || v.Check != "istiod-answers" {
			t.Errorf("tag %q: %+v", tag, v)
		}
	}
}

// On the way back the control plane that is left need not answer.
func TestTheWayBackDoesNotAskTheControlPlaneThatIsLeft(t *testing.T) {
	f := good()
	f.Back, f.World.Revisions[0].Istiods[0].Silence = true, "timeout"
	if v := Worst(Judge(Proof, "x", f)); v.Result != Pass {
		t.Errorf("%+v", v)
	}
}

// That a template names its proxy's image the plan says already; and on the way back
// the proxies are what they were found to be. An image's flavour is no other version.
func TestAPinnedProxyIsNotNamedTwice(t *testing.T) {
	for name, change := range map[string]func(*Facts){
		"pinned": func(f *Facts) {
			f.Workload.Template.Annotations = map[string]string{imagePin: "example.com/proxyv2:1.29.1"}
		},
		"back": func(f *Facts) { f.Back = true },
		"flavoured": func(f *Facts) {
			f.World.Revisions[1].Version = "1.29.1-distroless"
		},
		"unknown": func(f *Facts) { f.World.Revisions[1].Version = "" },
	} {
		f := good()
		f.World.Proxies[0].Version = "1.29.1"
		change(&f)
		if v := Worst(Judge(Proof, "x", f)); v.Result != Pass {
			t.Errorf("%s: %+v", name, v)
		}
	}
}

func TestTheWorstVerdictDecides(t *testing.T) {
	v := func(r Result, reason string) Verdict { return Verdict{Result: r, Reason: reason} }
	for _, tc := range []struct {
		in   []Verdict
		want Verdict
	}{
		{[]Verdict{v(Pass, "a"), v(Wait, "b"), v(Fail, "c"), v(Fail, "d")}, v(Fail, "c")},
		{[]Verdict{v(Pass, "a"), v(Wait, "b"), v(Wait, "c")}, v(Wait, "b")},
		{[]Verdict{v(Pass, "a"), v(Pass, ""), v(Pass, "c")}, v(Pass, "a; c")},
		{[]Verdict{v(Fail, "a"), v(Wait, "b")}, v(Fail, "a")},
	} {
		if got := Worst(tc.in); got != tc.want {
			t.Errorf("%v: %+v, want %+v", tc.in, got, tc.want)
		}
	}
}

// What has no istiod any more serves nobody, and a proxy that another revision
// serves is that one's, whatever it says.
func TestDepartureOfWhatIsHalfGone(t *testing.T) {
	f := departing()
	f.World.Belongings[0].Kind, f.World.Revisions[0].Istiods = "Service", nil
	f.World.Workloads[0].Pods[1].Sidecar.Revision = ""
	if v := Worst(Judge(Departure, "x", f)); v.Result != Pass {
		t.Errorf("%+v", v)
	}
}
