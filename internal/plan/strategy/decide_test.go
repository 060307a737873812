// SPDX-License-Identifier: Apache-2.0

package strategy_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/plan/plantest"
	"github.com/rerig/rerig/internal/plan/strategy"
	"github.com/rerig/rerig/internal/step"
)

// Each kind has a strategy, or a reason and a remedy.
func TestDecide(t *testing.T) {
	of := func(kind mesh.Kind, change func(*mesh.Workload)) mesh.Workload {
		wl := plantest.Workload(kind, "a", "x", 2)
		if change != nil {
			change(&wl)
		}
		return wl
	}
	onDelete := func(wl *mesh.Workload) { wl.Rollout.OnDelete = true }
	pending := func(wl *mesh.Workload) { wl.Rollout.OnDelete, wl.Rollout.Pending = true, true }
	paused := func(wl *mesh.Workload) { wl.Rollout.Paused = true }
	unreadable := func(wl *mesh.Workload) { wl.ReadError = "forbidden" }
	idle := func(wl *mesh.Workload) { wl.Replicas, wl.CompletesAt = 0, "when it completes" }
	completes := func(wl *mesh.Workload) { wl.CompletesAt = "when it completes" }
	scaledDown := func(wl *mesh.Workload) { wl.Replicas, wl.Pods = 0, nil }
	injectedManually := func(wl *mesh.Workload) { wl.Template.Proxy = true }
	hostNetwork := func(wl *mesh.Workload) { wl.Template.HostNetwork = true }
	gateway := func(wl *mesh.Workload) { wl.Gateway = true }
	for _, c := range []struct {
		name           string
		wl             mesh.Workload
		rule           step.Strategy
		want           step.Strategy
		reason, remedy string
	}{
		{name: "deployment", wl: of(mesh.Deployment, nil), want: step.ByRestart, reason: "PodDisruptionBudgets are not consulted"},
		{name: "statefulset", wl: of(mesh.StatefulSet, nil), want: step.ByRestart, reason: "highest ordinal"},
		{name: "daemonset", wl: of(mesh.DaemonSet, nil), want: step.ByRestart, reason: "node by node"},
		{name: "evicted by a rule", wl: of(mesh.Deployment, nil), rule: step.ByEviction, want: step.ByEviction, reason: "by a rule"},
		{
			name: "OnDelete, or a partition", wl: of(mesh.StatefulSet, onDelete), want: step.ByEviction,
			reason: "PodDisruptionBudgets are respected",
		},
		{
			name: "OnDelete with a pending change", wl: of(mesh.DaemonSet, pending), want: step.Blocked,
			reason: "template is newer than its pods",
			remedy: "--workload 'DaemonSet a/x=evict'",
		},
		{
			name: "OnDelete with a pending change, evicted", wl: of(mesh.DaemonSet, pending), rule: step.ByEviction,
			want:   step.ByEviction,
			reason: "by a rule",
		},
		{
			name: "paused", wl: of(mesh.Deployment, paused), want: step.Blocked,
			reason: "paused",
			remedy: "`kubectl rollout resume deployment/x -n a`",
		},
		{name: "paused and evicted", wl: of(mesh.Deployment, paused), rule: step.ByEviction, want: step.ByEviction, reason: "by a rule"},
		{name: "bare ReplicaSet", wl: of(mesh.ReplicaSet, nil), want: step.ByEviction, reason: "no controller rolls it"},
		{
			name: "bare ReplicaSet by restart", wl: of(mesh.ReplicaSet, nil), rule: step.ByRestart, want: step.Blocked,
			reason: "replaces no pods",
			remedy: "another rule",
		},
		{
			name: "ReplicationController that cannot be read", wl: of(mesh.ReplicationController, unreadable),
			want:   step.Blocked,
			reason: "forbidden",
			remedy: "permission",
		},
		{name: "Argo", wl: of(mesh.ArgoRollout, nil), want: step.ByField, reason: "spec.restartAt"},
		{name: "Argo evicted", wl: of(mesh.ArgoRollout, nil), rule: step.ByEviction, want: step.ByEviction, reason: "by a rule"},
		{
			name: "Argo by its template", wl: of(mesh.ArgoRollout, nil), rule: step.ByRestart, want: step.Blocked,
			reason: "canary steps",
			remedy: "another rule",
		},
		{
			name: "CronJob", wl: of(mesh.CronJob, idle), want: step.Automatic,
			reason: "pods of its next Job",
			remedy: "each ends when it completes",
		},
		{
			name: "CronJob evicted", wl: of(mesh.CronJob, nil), rule: step.ByEviction, want: step.Blocked,
			reason: "without a restart",
			remedy: "another rule",
		},
		{name: "Job", wl: of(mesh.Job, completes), want: step.Leave, reason: "a Job is not restarted", remedy: "it ends when it completes"},
		{
			name: "Job evicted", wl: of(mesh.Job, nil), rule: step.ByEviction, want: step.Blocked,
			reason: "counts as failed",
			remedy: "another rule",
		},
		{name: "bare pod", wl: of(mesh.BarePod, nil), want: step.Blocked, reason: "re-create", remedy: "--workload 'Pod a/x=leave'"},
		{
			name: "bare pod evicted", wl: of(mesh.BarePod, nil), rule: step.ByEviction, want: step.Blocked,
			reason: "re-create",
			remedy: "another rule",
		},
		{
			name: "bare pod left", wl: of(mesh.BarePod, nil), rule: step.Leave, want: step.Leave,
			reason: "a rule leaves it",
			remedy: "remove the rule",
		},
		{name: "static pod", wl: of(mesh.StaticPod, nil), rule: step.ByEviction, want: step.Blocked, reason: "kubelet", remedy: "leave"},
		{name: "scaled to zero", wl: of(mesh.Deployment, scaledDown), want: step.Automatic, reason: "scaled to zero"},
		{
			name: "injected manually", wl: of(mesh.Deployment, injectedManually), want: step.Blocked,
			reason: "injected by hand",
			remedy: "kube-inject",
		},
		{
			name: "injected manually, left", wl: of(mesh.Deployment, injectedManually), rule: step.Leave,
			want:   step.Leave,
			reason: "a rule leaves it",
			remedy: "remove the rule",
		},
		{
			name: "proxyless",
			wl:   of(mesh.Deployment, annotated(step.TemplatesAnnotation, "extra, grpc-agent")), want: step.Blocked,
			reason: "proxyless",
			remedy: "yourself",
		},
		{
			name: "proxyless, evicted",
			wl:   of(mesh.Deployment, annotated(step.ConfigAnnotation, "proxyMetadata: {DISABLE_ENVOY: 'true'}")),
			rule: step.ByEviction, want: step.Blocked,
			reason: "proxyless",
			remedy: "yourself",
		},
		{
			name: "proxyless, left",
			wl:   of(mesh.Deployment, annotated(step.TemplatesAnnotation, "grpc-agent")), rule: step.Leave, want: step.Leave,
			reason: "a rule leaves it",
			remedy: "remove the rule",
		},
		{
			name: "proxyless CronJob",
			wl:   of(mesh.CronJob, annotated(step.TemplatesAnnotation, "grpc-agent")), want: step.Automatic,
			reason: "pods of its next Job",
			remedy: "running Jobs",
		},
		{
			name: "another admin port",
			wl:   of(mesh.StatefulSet, annotated(step.ConfigAnnotation, "proxyAdminPort: 15555")), want: step.Blocked,
			reason: "15000",
			remedy: "yourself",
		},
		{name: "another template", wl: of(mesh.Deployment, annotated(step.TemplatesAnnotation, "sidecar,grpc-agents")), want: step.ByRestart},
		{name: "hostNetwork", wl: of(mesh.DaemonSet, hostNetwork), want: step.Leave, reason: "never injected"},
		{name: "gateway", wl: of(mesh.Deployment, gateway), rule: step.Leave, want: step.Leave, reason: "gateway:", remedy: "separately"},
		{
			name: "unknown kind",
			wl:   of("CloneSet", nil), want: step.Blocked,
			reason: "unknown kind CloneSet",
			remedy: "--workload 'CloneSet a/x=field:PATH",
		},
		{name: "unknown kind evicted", wl: of("CloneSet", nil), rule: step.ByEviction, want: step.ByEviction, reason: "by a rule"},
		{name: "unknown kind by field", wl: of("CloneSet", nil), rule: step.ByField, want: step.ByField, reason: "spec.at"},
		{
			name: "unknown kind that cannot be read",
			wl:   of("CloneSet", unreadable), rule: step.ByField, want: step.Blocked,
			reason: "forbidden",
			remedy: "permission",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := step.Policy{}
			if c.rule != "" {
				p.Rules = []step.Rule{{Strategy: c.rule, Field: map[bool]string{true: "spec.at"}[c.rule == step.ByField]}}
			}
			got := strategy.Decide(p, c.wl)
			if got.Strategy != c.want || !strings.Contains(got.Reason, c.reason) || !strings.Contains(got.Remedy, c.remedy) ||
				c.remedy == "" && got.Remedy != "" {
				t.Errorf("got %+v, want %s with reason %q and remedy %q", got, c.want, c.reason, c.remedy)
			}
		})
	}
}

// A kind whose controller follows its template accepts a time only there. Fields of other
// projects' kinds are not known.
func TestValidateField(t *testing.T) {
	for _, c := range []struct {
		kind  mesh.Kind
		field string
		fits  bool
	}{
		{kind: mesh.Deployment, field: "spec.template"},
		{kind: mesh.Deployment, field: "spec.replicas"},
		{kind: mesh.StatefulSet, field: "spec.template.metadata.annotations[example.org/at]", fits: true},
		{kind: mesh.ArgoRollout, field: "spec.restartAt", fits: true},
		{kind: "Crew", field: "spec.renewedAt", fits: true},
		{kind: "Crew", field: "renewedAt"},
	} {
		if err := strategy.ValidateField(c.kind, c.field); (err == nil) != c.fits {
			t.Errorf("field %s of a %s: got %v, want it to fit: %t", c.field, c.kind, err, c.fits)
		}
	}
}

// A restart by a field writes the time and the restart annotation, and nothing into the template.
func TestRenderFieldRestart(t *testing.T) {
	got, err := plan.Render(
		step.Step{Kind: step.Restart, Subject: "Rollout a/x", Field: "spec.restartAt", API: "argoproj.io/v1alpha1"},
		step.Target{Run: "r"}, plantest.Noon.Add(time.Nanosecond),
	)
	annotations := `{"metadata":{"annotations":{"rerig.dev/restarted-at":"2026-03-01T12:00:00Z","rerig.dev/run":"r"}},`
	want := []step.Change{{
		Verb: step.Patch, Kind: "Rollout", API: "argoproj.io/v1alpha1", Namespace: "a", Name: "x",
		Patch: []byte(annotations + `"spec":{"restartAt":"2026-03-01T12:00:00Z"}}`),
	}}
	if d := cmp.Diff(want, got); err != nil || d != "" {
		t.Errorf("got %v (-want +got)\n%s", err, d)
	}
	got, err = plan.Render(
		step.Step{Kind: step.Restart, Subject: "Rollout a/x", API: "argoproj.io/v1alpha1", TemplateLabel: "1-31-0"},
		step.Target{Run: "r"}, plantest.Noon,
	)
	patch := annotations + `"spec":{"template":{"metadata":{"labels":{"istio.io/rev":"1-31-0"}}}}}`
	if err != nil || got[0].API != "argoproj.io/v1alpha1" || string(got[0].Patch) != patch {
		t.Errorf("with a template label: got %v, %s, want %s", err, got[0].Patch, patch)
	}
}

// Pods are evicted one at a time: first those that are not ready, then from the highest ordinal,
// and not while a pod is missing.
func TestNextEviction(t *testing.T) {
	wl := plantest.Workload(mesh.StatefulSet, "a", "x", 11)
	next := func(wantText string) string {
		t.Helper()
		p, first := strategy.NextEviction(wl, "1-31-0")
		if !strings.Contains(first, wantText) || wantText == "" && first != "" {
			t.Errorf("reason to wait: got %q, want %q", first, wantText)
		}
		return p.Name
	}
	if got := next(""); got != "x-10" {
		t.Errorf("next pod: got %s, want x-10", got)
	}
	wl.Pods[3].Ready = false
	if got := next(""); got != "x-3" {
		t.Errorf("next pod: got %s, want x-3", got)
	}
	wl.Pods[3].Sidecar.Revision, wl.Pods[3].Problem = "1-31-0", "app: runs, not ready"
	next("pod x-3 is not ready: app: runs, not ready")
	wl.Pods[3].Terminating = true
	next("pod x-3 is terminating")
	wl.Rollout.Message, wl.Pods = "exceeded quota", slices.Delete(wl.Pods, 3, 4)
	next("10 of 11 pods exist: exceeded quota")
	wl.Replicas = 10
	if got := next(""); got != "x-10" {
		t.Errorf("next pod: got %s, want x-10", got)
	}
}

// annotated returns a change that annotates a workload's template.
func annotated(key, value string) func(*mesh.Workload) {
	return func(wl *mesh.Workload) { wl.Template.Annotations = map[string]string{key: value} }
}
