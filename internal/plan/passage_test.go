// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/advice"
	"github.com/rerig/rerig/internal/plan/binding"
	"github.com/rerig/rerig/internal/plan/strategy"
	"github.com/rerig/rerig/internal/step"
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
	onDelete := func(wl *mesh.Workload) { wl.Rollout.OnDelete = true }
	for _, c := range []struct {
		name        string
		wl          mesh.Workload
		rule        step.Strategy
		want        step.Strategy
		why, clears string
	}{
		{"deployment", of(mesh.Deployment, nil), "", step.ByRestart, "PodDisruptionBudgets are not consulted", ""},
		{"statefulset", of(mesh.StatefulSet, nil), "", step.ByRestart, "highest ordinal", ""},
		{"daemonset", of(mesh.DaemonSet, nil), "", step.ByRestart, "node by node", ""},
		{"by the user's wish", of(mesh.Deployment, nil), step.ByEviction, step.ByEviction, "by a rule", ""},
		{"OnDelete, or a partition", of(mesh.StatefulSet, onDelete), "", step.ByEviction, "PodDisruptionBudgets are respected", ""},
		{"OnDelete with a change pending", of(
			mesh.DaemonSet,
			func(wl *mesh.Workload) { wl.Rollout.OnDelete, wl.Rollout.Pending = true, true },
		), "", step.Blocked, "template is newer than its pods", "--workload 'DaemonSet a/x=evict'"},
		{"and taken along", of(
			mesh.DaemonSet,
			func(wl *mesh.Workload) { wl.Rollout.OnDelete, wl.Rollout.Pending = true, true },
		), step.ByEviction, step.ByEviction, "by a rule", ""},
		{"paused", of(
			mesh.Deployment,
			func(wl *mesh.Workload) { wl.Rollout.Paused = true },
		), "", step.Blocked, "paused", "kubectl rollout resume deployment/x -n a"},
		{"paused and evicted", of(
			mesh.Deployment,
			func(wl *mesh.Workload) { wl.Rollout.Paused = true },
		), step.ByEviction, step.ByEviction, "by a rule", ""},
		{"bare ReplicaSet", of(mesh.ReplicaSet, nil), "", step.ByEviction, "no controller rolls it", ""},
		{"bare ReplicaSet by restart", of(mesh.ReplicaSet, nil), step.ByRestart, step.Blocked, "replaces no pods", "another rule"},
		{"ReplicationController that cannot be read", of(
			mesh.ReplicationController,
			func(wl *mesh.Workload) { wl.ReadError = "forbidden" },
		), "", step.Blocked, "forbidden", "permission"},
		{"Argo", of(mesh.ArgoRollout, nil), "", step.ByField, "spec.restartAt", ""},
		{"Argo evicted", of(mesh.ArgoRollout, nil), step.ByEviction, step.ByEviction, "by a rule", ""},
		{"Argo by its template", of(mesh.ArgoRollout, nil), step.ByRestart, step.Blocked, "canary steps", "another rule"},
		{"CronJob", of(
			mesh.CronJob,
			func(wl *mesh.Workload) { wl.Replicas, wl.CompletesAt = 0, "when it completes" },
		), "", step.Automatic, "pods of its next Job", "each ends when it completes"},
		{"CronJob evicted", of(mesh.CronJob, nil), step.ByEviction, step.Blocked, "without a restart", "another rule"},
		{"Job", of(
			mesh.Job,
			func(wl *mesh.Workload) { wl.CompletesAt = "when it completes" },
		), "", step.Leave, "a Job is not restarted", "it ends when it completes"},
		{"Job evicted", of(mesh.Job, nil), step.ByEviction, step.Blocked, "counts as failed", "another rule"},
		{"bare pod", of(mesh.BarePod, nil), "", step.Blocked, "re-create", "--workload 'Pod a/x=leave'"},
		{"bare pod evicted", of(mesh.BarePod, nil), step.ByEviction, step.Blocked, "re-create", "another rule"},
		{"bare pod left", of(mesh.BarePod, nil), step.Leave, step.Leave, "a rule leaves it", "remove the rule"},
		{"static pod", of(mesh.StaticPod, nil), step.ByEviction, step.Blocked, "kubelet", "leave"},
		{"scaled to zero", of(
			mesh.Deployment,
			func(wl *mesh.Workload) { wl.Replicas, wl.Pods = 0, nil },
		), "", step.Automatic, "scaled to zero", ""},
		{"injected by hand", of(
			mesh.Deployment,
			func(wl *mesh.Workload) { wl.Template.Proxy = true },
		), "", step.Blocked, "injected by hand", "kube-inject"},
		{"injected by hand and left", of(
			mesh.Deployment,
			func(wl *mesh.Workload) { wl.Template.Proxy = true },
		), step.Leave, step.Leave, "a rule leaves it", "remove the rule"},
		{"proxyless", of(mesh.Deployment, annotated(step.TemplatesAnnotation, "extra, grpc-agent")), "", step.Blocked, "proxyless", "yourself"},
		{
			"proxyless, evicted",
			of(mesh.Deployment, annotated(step.ConfigAnnotation, "proxyMetadata: {DISABLE_ENVOY: 'true'}")),
			step.ByEviction, step.Blocked,
			"proxyless",
			"yourself",
		},
		{
			"proxyless, left",
			of(mesh.Deployment, annotated(step.TemplatesAnnotation, "grpc-agent")), step.Leave, step.Leave,
			"a rule leaves it",
			"remove the rule",
		},
		{
			"proxyless, by itself",
			of(mesh.CronJob, annotated(step.TemplatesAnnotation, "grpc-agent")),
			"", step.Automatic,
			"pods of its next Job",
			"running Jobs",
		},
		{
			"another admin port",
			of(mesh.StatefulSet, annotated(step.ConfigAnnotation, "proxyAdminPort: 15555")),
			"", step.Blocked,
			"15000",
			"yourself",
		},
		{"another template", of(mesh.Deployment, annotated(step.TemplatesAnnotation, "sidecar,grpc-agents")), "", step.ByRestart, "", ""},
		{"hostNetwork", of(mesh.DaemonSet, func(wl *mesh.Workload) { wl.Template.HostNetwork = true }), "", step.Leave, "never injected", ""},
		{"gateway", of(mesh.Deployment, func(wl *mesh.Workload) { wl.Gateway = true }), step.Leave, step.Leave, "gateway:", "separately"},
		{"unknown kind", of("CloneSet", nil), "", step.Blocked, "unknown kind CloneSet", "--workload 'CloneSet a/x=field:PATH"},
		{"unknown kind evicted", of("CloneSet", nil), step.ByEviction, step.ByEviction, "by a rule", ""},
		{"unknown kind by field", of("CloneSet", nil), step.ByField, step.ByField, "spec.at", ""},
		{"unknown kind that cannot be read", of(
			"CloneSet",
			func(wl *mesh.Workload) { wl.ReadError = "forbidden" },
		), step.ByField, step.Blocked, "forbidden", "permission"},
	} {
		p := step.Policy{}
		if c.rule != "" {
			p.Rules = []step.Rule{{Strategy: c.rule, Field: map[bool]string{true: "spec.at"}[c.rule == step.ByField]}}
		}
		got := strategy.Decide(p, c.wl)
		if got.Strategy != c.want || !strings.Contains(got.Reason, c.why) || !strings.Contains(got.Remedy, c.clears) || c.clears == "" &&
			got.Remedy != "" {
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
		if got, err := strategy.ParseField(text); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "spec", "status.at", "metadata.annotations[x]", "spec..at", "spec.containers[0].at", "spec[]"} {
		if got, err := strategy.ParseField(text); err == nil {
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
		if err := strategy.ValidateField(c.kind, c.field); (err == nil) != c.fits {
			t.Errorf("%s of a %s: %v", c.field, c.kind, err)
		}
	}
}

// A restart by a field writes the time there, and the stamp beside it, and of the
// template nothing.
func TestARestartByField(t *testing.T) {
	got, err := Render(
		step.Step{Kind: step.Restart, Subject: "Rollout a/x", Field: "spec.restartAt", API: "argoproj.io/v1alpha1"},
		step.Target{Run: "r"}, noon.Add(time.Nanosecond),
	)
	want := []step.Change{{Verb: step.Patch, Kind: "Rollout", API: "argoproj.io/v1alpha1", Namespace: "a", Name: "x",
		Patch: []byte(
			`{"metadata":{"annotations":{"rerig.dev/restarted-at":"2026-03-01T12:00:00Z","rerig.dev/run":"r"}},"spec":{"restartAt":"2026-03-01T12:00:00Z"}}`,
		)}}
	if d := cmp.Diff(want, got); err != nil || d != "" {
		t.Errorf("%v\n%s", err, d)
	}
	got, err = Render(
		step.Step{Kind: step.Restart, Subject: "Rollout a/x", API: "argoproj.io/v1alpha1", TemplateLabel: "1-31-0"},
		step.Target{Run: "r"}, noon,
	)
	if err != nil || got[0].API != "argoproj.io/v1alpha1" ||
		string(got[0].Patch) != `{"metadata":{"annotations":{"rerig.dev/restarted-at":"2026-03-01T12:00:00Z","rerig.dev/run":"r"}},"spec":{"template":{"metadata":{"labels":{"istio.io/rev":"1-31-0"}}}}}` {
		t.Errorf("%v %s", err, got[0].Patch)
	}
}

// Pods are evicted one at a time: the unready first, then from the highest ordinal
// down, and not while one is away.
func TestNextEviction(t *testing.T) {
	wl := workload(mesh.StatefulSet, "a", "x", 11)
	next := func(says string) string {
		t.Helper()
		p, first := strategy.NextEviction(wl, "1-31-0")
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
	wl.Pods[3].Sidecar.Revision, wl.Pods[3].Problem = "1-31-0", "app: runs, not ready"
	next("pod x-3 is not ready: app: runs, not ready")
	wl.Pods[3].Terminating = true
	next("pod x-3 is terminating")
	wl.Rollout.Message, wl.Pods = "exceeded quota", slices.Delete(wl.Pods, 3, 4)
	next("10 of 11 pods exist: exceeded quota")
	wl.Replicas = 10
	if got := next(""); got != "x-10" {
		t.Error(got)
	}
}

// What is not moved, or not wholly, is named in the plan with what would clear it.
func TestNotesOnKinds(t *testing.T) {
	w := start()
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
		Nodes:   []mesh.Node{{Name: "n", Open: true, CPU: 400, Pods: 10}},
		Unknown: []string{"ResourceQuotas: you may not list them"},
	}
	w.Proxies = []mesh.Proxy{
		{Namespace: "b", Pod: "vm-1", Istiod: "istiod-1-29-1", Revision: "1-29-1"},
		{Namespace: "b", Pod: "w0-0", Istiod: "istiod-1-29-1", Revision: "1-29-1"},
	}
	w.Sort()
	found := map[step.NoteKind][]string{}
	for _, n := range advice.Notes(w, forward(t, w, intent(), step.Ledger{})) {
		found[n.Kind] = append(found[n.Kind], n.Subject)
		if n.Kind == step.Blocker && n.Remedy == "" {
			t.Errorf("nothing would clear %s", n.Subject)
		}
	}
	for kind, want := range map[step.NoteKind][]string{
		step.PinnedProxy: {
			"Deployment a/w0",
			"Deployment a/w0",
		}, step.Blocker: {"StatefulSet a/w1", "Proxy b/vm-1"}, step.Exemption: {"DaemonSet a/w2"},
		step.NoCapacity: {"Deployment b/w0"}, step.AtMaximum: {"Deployment b/w0"}, step.CapacityUnknown: {"ResourceQuotas: you may not list them"},
	} {
		if d := cmp.Diff(want, found[kind]); d != "" {
			t.Errorf("%s (-want +got):\n%s", kind, d)
		}
	}
}

// What its pods' own label binds has its template written to. Where its controller
// would go on making pods of the template before, or roll it though a rule says
// evict, it is a blocker, and its template is not changed.
func TestWhatAPinWouldNotMoveIsABlocker(t *testing.T) {
	for name, c := range map[string]struct {
		kind   mesh.Kind
		change func(*mesh.Workload)
		rule   step.Strategy
		why    string
	}{
		"a partition":            {mesh.StatefulSet, func(wl *mesh.Workload) { wl.Rollout.OnDelete, wl.Rollout.Partition = true, true }, "", "a partition keeps pods"},
		"paused, and evicted":    {mesh.Deployment, func(wl *mesh.Workload) { wl.Rollout.Paused = true }, step.ByEviction, "while its rollout is paused"},
		"a Rollout, and evicted": {mesh.ArgoRollout, func(wl *mesh.Workload) { wl.API = "argoproj.io/v1alpha1" }, step.ByEviction, "its controller rolls it for that"},
		"evicted, and rolling":   {mesh.Deployment, func(*mesh.Workload) {}, step.ByEviction, "its controller rolls it for that"},
	} {
		w, key := ownLabelled(c.kind, c.change)
		in := allOf()
		if c.rule != "" {
			in.Policy.Rules = []step.Rule{{Name: "extra", Strategy: c.rule}}
		}
		plan := Make(w, forward(t, w, in, step.Ledger{}), step.Ledger{})
		for _, s := range step.Flat(plan.Stages) {
			if string(s.Subject) == key {
				t.Errorf("%s: %s", name, s)
			}
		}
		if !slices.ContainsFunc(plan.Notes, func(n step.Note) bool {
			return n.Kind == step.Blocker && n.Subject == key && strings.Contains(n.Text, c.why) && n.Remedy != ""
		}) {
			t.Errorf("%s: no blocker names it", name)
		}
	}
}

// One that came to be evicted by a later rule still goes back.
func TestALaterRuleLeavesNoPinBehind(t *testing.T) {
	w, key := ownLabelled(mesh.Deployment, nil)
	in := allOf()
	target := forward(t, w, in, step.Ledger{})
	w, l, _ := carry(t, w, target, NewLedger(Make(w, target, step.Ledger{}), noon), -1, first, nil)
	in.Policy.Rules = []step.Rule{{Name: "extra", Strategy: step.ByEviction}}
	back := RollbackTarget(in, l, 0)
	end, _, _ := carry(t, w, back, Approve(l, Make(w, back, l), noon), -1, first, nil)
	if wl, _ := end.Workload(mesh.WorkloadRef(key)); step.TemplateLabelOf(wl) != "1-29-1" || !slices.Equal(wl.Sidecars(), []string{"1-29-1"}) {
		t.Errorf("it ends with %s and sidecars of %v", binding.DescribeLabel(step.TemplateLabelOf(wl)), wl.Sidecars())
	}
}

// annotated gives a workload's template an annotation.
func annotated(key, value string) func(*mesh.Workload) {
	return func(wl *mesh.Workload) { wl.Template.Annotations = map[string]string{key: value} }
}
