// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rerig/rerig/internal/mesh"
)

// Each kind has a way, or says why it has none and what would clear it.
func TestPassages(t *testing.T) {
	of := func(kind mesh.Kind, change func(*mesh.Workload)) mesh.Workload {
		wl := workload(kind, "a", "x", 2)
		if change != nil {
			change(&wl)
		}
		return wl
	}
	onDelete := func(wl *mesh.Workload) { wl.Rollout.Manual = true }
	for _, c := range []struct {
		name        string
		wl          mesh.Workload
		rule        Way
		want        Way
		why, clears string
	}{
		{"deployment", of(mesh.Deployment, nil), "", ByRestart, "asks no disruption budget", ""},
		{"statefulset", of(mesh.StatefulSet, nil), "", ByRestart, "highest ordinal", ""},
		{"daemonset", of(mesh.DaemonSet, nil), "", ByRestart, "node by node", ""},
		{"by the user's wish", of(mesh.Deployment, nil), ByEviction, ByEviction, "a rule says so", ""},
		{"OnDelete, or a partition", of(mesh.StatefulSet, onDelete), "", ByEviction, "disruption budgets are honoured", ""},
		{"OnDelete with a change pending", of(mesh.DaemonSet, func(wl *mesh.Workload) { wl.Rollout.Manual, wl.Rollout.Pending = true, true }), "", Stuck, "template is newer than its pods", "--workload 'DaemonSet a/x=evict'"},
		{"and taken along", of(mesh.DaemonSet, func(wl *mesh.Workload) { wl.Rollout.Manual, wl.Rollout.Pending = true, true }), ByEviction, ByEviction, "a rule says so", ""},
		{"paused", of(mesh.Deployment, func(wl *mesh.Workload) { wl.Rollout.Paused = true }), "", Stuck, "paused", "kubectl rollout resume deployment/x -n a"},
		{"paused and evicted", of(mesh.Deployment, func(wl *mesh.Workload) { wl.Rollout.Paused = true }), ByEviction, ByEviction, "a rule says so", ""},
		{"bare ReplicaSet", of(mesh.ReplicaSet, nil), "", ByEviction, "nothing rolls it", ""},
		{"bare ReplicaSet by restart", of(mesh.ReplicaSet, nil), ByRestart, Stuck, "replaces no pods", "another rule"},
		{"ReplicationController that cannot be read", of(mesh.ReplicationController, func(wl *mesh.Workload) { wl.Unread = "forbidden" }), "", Stuck, "forbidden", "permission"},
		{"Argo", of(mesh.ArgoRollout, nil), "", ByField, "spec.restartAt", ""},
		{"Argo evicted", of(mesh.ArgoRollout, nil), ByEviction, ByEviction, "a rule says so", ""},
		{"Argo by its template", of(mesh.ArgoRollout, nil), ByRestart, Stuck, "canary steps", "another rule"},
		{"CronJob", of(mesh.CronJob, func(wl *mesh.Workload) { wl.Wanted, wl.Ends = 0, "when it completes" }), "", ByItself, "next Job's pods", "each ends when it completes"},
		{"CronJob evicted", of(mesh.CronJob, nil), ByEviction, Stuck, "by themselves", "another rule"},
		{"Job", of(mesh.Job, func(wl *mesh.Workload) { wl.Ends = "when it completes" }), "", Leave, "never made anew", "it ends when it completes"},
		{"Job evicted", of(mesh.Job, nil), ByEviction, Stuck, "counts as failed", "another rule"},
		{"bare pod", of(mesh.BarePod, nil), "", Stuck, "nobody would make it anew", "--workload 'Pod a/x=leave'"},
		{"bare pod evicted", of(mesh.BarePod, nil), ByEviction, Stuck, "nobody would make it anew", "another rule"},
		{"bare pod left", of(mesh.BarePod, nil), Leave, Leave, "a rule leaves it", "take the rule away"},
		{"static pod", of(mesh.StaticPod, nil), ByEviction, Stuck, "kubelet", "leave"},
		{"scaled to zero", of(mesh.Deployment, func(wl *mesh.Workload) { wl.Wanted, wl.Pods = 0, nil }), "", ByItself, "scaled to zero", ""},
		{"injected by hand", of(mesh.Deployment, func(wl *mesh.Workload) { wl.Template.Proxy = true }), "", Stuck, "injected by hand", "kube-inject"},
		{"injected by hand and left", of(mesh.Deployment, func(wl *mesh.Workload) { wl.Template.Proxy = true }), Leave, Leave, "a rule leaves it", "take the rule away"},
		{"proxyless", of(mesh.Deployment, annotated(templatesAnnotation, "extra, grpc-agent")), "", Stuck, "proxyless", "yourself"},
		{"proxyless, evicted", of(mesh.Deployment, annotated(configAnnotation, "proxyMetadata: {DISABLE_ENVOY: 'true'}")), ByEviction, Stuck, "proxyless", "yourself"},
		{"proxyless, left", of(mesh.Deployment, annotated(templatesAnnotation, "grpc-agent")), Leave, Leave, "a rule leaves it", "take the rule away"},
		{"proxyless, by itself", of(mesh.CronJob, annotated(templatesAnnotation, "grpc-agent")), "", ByItself, "next Job's pods", "running Jobs"},
		{"another admin port", of(mesh.StatefulSet, annotated(configAnnotation, "proxyAdminPort: 15555")), "", Stuck, "15000", "yourself"},
		{"another template", of(mesh.Deployment, annotated(templatesAnnotation, "sidecar,grpc-agents")), "", ByRestart, "", ""},
		{"hostNetwork", of(mesh.DaemonSet, func(wl *mesh.Workload) { wl.Template.HostNetwork = true }), "", Leave, "never injected", ""},
		{"gateway", of(mesh.Deployment, func(wl *mesh.Workload) { wl.Gateway = true }), Leave, Leave, "a gateway", "by itself"},
		{"unknown kind", of("CloneSet", nil), "", Stuck, "nothing is known of the kind CloneSet", "--workload 'CloneSet a/x=field:PATH"},
		{"unknown kind evicted", of("CloneSet", nil), ByEviction, ByEviction, "a rule says so", ""},
		{"unknown kind by field", of("CloneSet", nil), ByField, ByField, "spec.at", ""},
		{"unknown kind that cannot be read", of("CloneSet", func(wl *mesh.Workload) { wl.Unread = "forbidden" }), ByField, Stuck, "forbidden", "permission"},
	} {
		p := Policy{}
		if c.rule != "" {
			p.Rules = []Rule{{Way: c.rule, Field: map[bool]string{true: "spec.at"}[c.rule == ByField]}}
		}
		got := p.Passage(c.wl)
		if got.Way != c.want || !strings.Contains(got.Why, c.why) || !strings.Contains(got.Clears, c.clears) || c.clears == "" && got.Clears != "" {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
}

func TestParseField(t *testing.T) {
	for text, want := range map[string][]string{
		"spec.restartAt": {"spec", "restartAt"},
		"spec.template.metadata.annotations[a.b/c].d":    {"spec", "template", "metadata", "annotations", "a.b/c", "d"},
		"spec.template.metadata.annotations[a.b/c-d_e1]": {"spec", "template", "metadata", "annotations", "a.b/c-d_e1"},
	} {
		if got, err := ParseField(text); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "spec", "status.at", "metadata.annotations[x]", "spec..at", "spec.containers[0].at", "spec[]"} {
		if got, err := ParseField(text); err == nil {
			t.Errorf("%q is read as %v", text, got)
		}
	}
}

// A kind whose controller goes by its template takes a time there and nowhere else;
// of other projects' kinds that is theirs to know.
func TestWritable(t *testing.T) {
	for _, c := range []struct {
		kind  mesh.Kind
		field string
		fits  bool
	}{
		{mesh.Deployment, "spec.template", false},
		{mesh.Deployment, "spec.replicas", false},
		{mesh.StatefulSet, "spec.template.metadata.annotations[example.org/at]", true},
		{mesh.ArgoRollout, "spec.restartAt", true},
		{"Crew", "spec.renewedAt", true},
		{"Crew", "renewedAt", false},
	} {
		if err := Writable(c.kind, c.field); (err == nil) != c.fits {
			t.Errorf("%s of a %s: %v", c.field, c.kind, err)
		}
	}
}

// A restart by a field writes the time there, and the stamp beside it, and of the
// template nothing.
func TestARestartByField(t *testing.T) {
	got, err := Render(Step{Kind: Restart, Subject: "Rollout a/x", Field: "spec.restartAt", API: "argoproj.io/v1alpha1"}, Target{Run: "r"}, noon.Add(time.Nanosecond))
	want := []Change{{Verb: Patch, Kind: "Rollout", API: "argoproj.io/v1alpha1", Namespace: "a", Name: "x",
		Patch: []byte(`{"metadata":{"annotations":{"rerig.dev/restarted-at":"2026-03-01T12:00:00Z","rerig.dev/run":"r"}},"spec":{"restartAt":"2026-03-01T12:00:00Z"}}`)}}
	if d := cmp.Diff(want, got); err != nil || d != "" {
		t.Errorf("%v\n%s", err, d)
	}
	got, err = Render(Step{Kind: Restart, Subject: "Rollout a/x", API: "argoproj.io/v1alpha1", Pin: "1-31-0"}, Target{Run: "r"}, noon)
	if err != nil || got[0].API != "argoproj.io/v1alpha1" || string(got[0].Patch) != `{"metadata":{"annotations":{"rerig.dev/restarted-at":"2026-03-01T12:00:00Z","rerig.dev/run":"r"}},"spec":{"template":{"metadata":{"labels":{"istio.io/rev":"1-31-0"}}}}}` {
		t.Errorf("%v %s", err, got[0].Patch)
	}
}

// Pods are evicted one at a time: the unready first, then from the highest ordinal
// down, and not while one is away.
func TestNextEviction(t *testing.T) {
	wl := workload(mesh.StatefulSet, "a", "x", 11)
	next := func(says string) string {
		t.Helper()
		p, first := NextEviction(wl, "1-31-0")
		if !strings.Contains(first, says) || says == "" && first != "" {
			t.Errorf("%q is to come first, want %q", first, says)
		}
		return p.Name
	}
	if got := next(""); got != "x-10" {
		t.Error(got)
	}
	wl.Pods[3].Ready = false
	if got := next(""); got != "x-3" {
		t.Error(got)
	}
	wl.Pods[3].Sidecar.Revision, wl.Pods[3].Trouble = "1-31-0", "app: runs, not ready"
	next("pod x-3 is not ready: app: runs, not ready")
	wl.Pods[3].Terminating = true
	next("pod x-3 is on its way out")
	wl.Rollout.Message, wl.Pods = "exceeded quota", slices.Delete(wl.Pods, 3, 4)
	next("10 of 11 pods are there: exceeded quota")
	wl.Wanted = 10
	if got := next(""); got != "x-10" {
		t.Error(got)
	}
}

// What is not moved, or not wholly, is named in the plan with what would clear it.
func TestNotesOnKinds(t *testing.T) {
	w := start()
	change := map[string]func(*mesh.Workload){
		"Deployment a/w0": func(wl *mesh.Workload) {
			wl.Template.Annotations = map[string]string{imageAnnotation: "mine:1", configAnnotation: "discoveryAddress: elsewhere:15012\n"}
		},
		"StatefulSet a/w1": func(wl *mesh.Workload) { wl.Rollout.Manual, wl.Rollout.Pending = true, true },
		"DaemonSet a/w2":   func(wl *mesh.Workload) { wl.Template.HostNetwork = true },
		"Deployment b/w0": func(wl *mesh.Workload) {
			wl.Surge, wl.Scaler, wl.Needs = 1, mesh.Scaler{Name: "h", Max: 3, Full: true}, mesh.Needs{CPU: 500}
		},
	}
	for i, wl := range w.Workloads {
		if f := change[wl.Key()]; f != nil {
			f(&w.Workloads[i])
		}
	}
	w.Room = mesh.Room{Nodes: []mesh.Node{{Name: "n", Open: true, CPU: 400, Pods: 10}}, Unknown: []string{"ResourceQuotas: you may not list them"}}
	w.Proxies = []mesh.Proxy{{Namespace: "b", Pod: "vm-1", Istiod: "istiod-1-29-1", Revision: "1-29-1"}, {Namespace: "b", Pod: "w0-0", Istiod: "istiod-1-29-1", Revision: "1-29-1"}}
	w.Sort()
	found := map[NoteKind][]string{}
	for _, n := range Notes(w, forward(t, w, intent(), Ledger{})) {
		found[n.Kind] = append(found[n.Kind], n.Subject)
		if n.Kind == Blocker && n.Clears == "" {
			t.Errorf("nothing would clear %s", n.Subject)
		}
	}
	for kind, want := range map[NoteKind][]string{
		PinnedProxy: {"Deployment a/w0", "Deployment a/w0"}, Blocker: {"StatefulSet a/w1", "Proxy b/vm-1"}, Exemption: {"DaemonSet a/w2"},
		NoRoom: {"Deployment b/w0"}, AtMaximum: {"Deployment b/w0"}, RoomUnknown: {"ResourceQuotas: you may not list them"},
	} {
		if d := cmp.Diff(want, found[kind]); d != "" {
			t.Errorf("%s (-want +got):\n%s", kind, d)
		}
	}
}

// What its pods' own label binds has its template written to. Where its controller
// would go on making pods of the template before, or roll it though a rule says
// evict, it is a blocker, and its template stays as it is.
func TestWhatAPinWouldNotMoveIsABlocker(t *testing.T) {
	for name, c := range map[string]struct {
		kind   mesh.Kind
		change func(*mesh.Workload)
		rule   Way
		why    string
	}{
		"a partition":            {mesh.StatefulSet, func(wl *mesh.Workload) { wl.Rollout.Manual, wl.Rollout.Partition = true, true }, "", "a partition keeps its pods"},
		"paused, and evicted":    {mesh.Deployment, func(wl *mesh.Workload) { wl.Rollout.Paused = true }, ByEviction, "while its rollouts are paused"},
		"a Rollout, and evicted": {mesh.ArgoRollout, func(wl *mesh.Workload) { wl.API = "argoproj.io/v1alpha1" }, ByEviction, "its controller rolls it for that"},
		"evicted, and rolling":   {mesh.Deployment, func(*mesh.Workload) {}, ByEviction, "its controller rolls it for that"},
	} {
		w, key := ownLabelled(c.kind, c.change)
		in := allOf()
		if c.rule != "" {
			in.Policy.Rules = []Rule{{Name: "extra", Way: c.rule}}
		}
		plan := Make(w, forward(t, w, in, Ledger{}), Ledger{})
		for _, s := range Flat(plan.Stages) {
			if s.Subject == key {
				t.Errorf("%s: %s", name, s)
			}
		}
		if !slices.ContainsFunc(plan.Notes, func(n Note) bool {
			return n.Kind == Blocker && n.Subject == key && strings.Contains(n.Text, c.why) && n.Clears != ""
		}) {
			t.Errorf("%s: no blocker names it", name)
		}
	}
}

// One that came to be evicted by a later rule still goes back.
func TestALaterRuleLeavesNoPinBehind(t *testing.T) {
	w, key := ownLabelled(mesh.Deployment, nil)
	in := allOf()
	target := forward(t, w, in, Ledger{})
	w, l, _ := carry(t, w, target, Opened(Make(w, target, Ledger{}), noon), -1, first, nil)
	in.Policy.Rules = []Rule{{Name: "extra", Way: ByEviction}}
	back := Backward(in, l, 0)
	end, _, _ := carry(t, w, back, l.Agreed(Make(w, back, l), noon), -1, first, nil)
	if wl, _ := end.Workload(key); pinOf(wl) != "1-29-1" || !slices.Equal(wl.Sidecars(), []string{"1-29-1"}) {
		t.Errorf("it ends with %s and sidecars of %v", labelOf(pinOf(wl)), wl.Sidecars())
	}
}

// annotated gives a workload's template an annotation.
func annotated(key, value string) func(*mesh.Workload) {
	return func(wl *mesh.Workload) { wl.Template.Annotations = map[string]string{key: value} }
}
