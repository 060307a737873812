// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"encoding/json"
	"errors"
	"github.com/google/go-cmp/cmp"
	"github.com/rerig/rerig/internal/mesh"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
	"net/http"
	"strings"
	"testing"
	"time"
)

const rolloutJSON = `{
"metadata":{"name":"canary","namespace":"shop","uid":"r",
	"annotations":{"rerig.dev/run":"to-1-31-0","rerig.dev/restarted-at":"2026-03-01T12:00:00Z"}},
"spec":{"replicas":2,"restartAt":"2026-03-01T12:00:00Z","strategy":{"canary":{}},
	"template":{"metadata":{"labels":{"app":"canary"}},"spec":{"containers":[{"name":"app"}]}}},
"status":{"phase":"Progressing","message":"more replicas need to be updated"}}`

// A Rollout's pods are current if they were created after its restart, whatever its
// template: a restart does not change that.
func TestRolloutPodsAreCurrentByTime(t *testing.T) {
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	var r argoRollout
	if err := json.Unmarshal([]byte(rolloutJSON), &r); err != nil {
		t.Fatal(err)
	}
	pods := []pod{
		{Pod: mesh.Pod{Name: "old", Ready: true, Terminating: true, Created: at.Add(-time.Hour)}},
		{Pod: mesh.Pod{Name: "new", Ready: true, Created: at}},
	}
	w := rolloutOf(&r, at.Add(time.Minute)).withPods(pods, nil)
	if w.Ref() != "Rollout shop/canary" || w.APIVersion != argoAPI || w.Replicas != 2 || w.RestartAnnotation.Run != "to-1-31-0" ||
		w.Template.Labels["app"] != "canary" {
		t.Errorf("read as %+v", w)
	}
	if w.Pods[0].Current || !w.Pods[1].Current || w.Rollout.Done || !strings.Contains(w.Rollout.Message, "pod old is terminating") {
		t.Errorf("%+v of %+v", w.Rollout, w.Pods)
	}
	hash := w.Template.Hash
	r.Spec.RestartAt = &metav1.Time{Time: at.Add(2 * time.Minute)}
	if later := rolloutOf(&r, at.Add(3*time.Minute)).withPods(pods[1:], nil); later.Template.Hash == hash || later.Pods[0].Current {
		t.Error("another restart is not told from the first")
	}
	if scheduled := rolloutOf(&r, at.Add(time.Minute)).withPods(pods[1:], nil); !scheduled.Pods[0].Current {
		t.Error("a restart that is yet to come has made its pods old")
	}
	r.Spec.RestartAt = nil
	if w := rolloutOf(&r, at).withPods(append(pods[1:], pods[1]), nil); !w.Rollout.Done {
		t.Errorf("%+v", w.Rollout)
	}
}

// A pod that the stable ReplicaSet creates while a label is rolled out has the template
// from before, whenever it was created.
func TestRolloutPodWithOldLabel(t *testing.T) {
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	var r argoRollout
	if err := json.Unmarshal([]byte(rolloutJSON), &r); err != nil {
		t.Fatal(err)
	}
	r.Spec.Template.Labels[mesh.RevisionLabel] = "1-31-0"
	of := func(revision string) pod {
		return pod{
			Pod:    mesh.Pod{Name: revision, Ready: true, Created: at.Add(time.Second)},
			labels: map[string]string{mesh.RevisionLabel: revision},
		}
	}
	w := rolloutOf(&r, at.Add(time.Minute)).withPods([]pod{of("1-29-1"), of("1-31-0")}, nil)
	if w.Pods[0].Current || !w.Pods[1].Current {
		t.Errorf("%+v", w.Pods)
	}
}

// A Rollout that uses a Deployment's template has that one.
func TestRolloutWithTemplateOfDeployment(t *testing.T) {
	var r argoRollout
	if err := json.Unmarshal([]byte(rolloutJSON), &r); err != nil {
		t.Fatal(err)
	}
	r.Spec.WorkloadRef = &struct {
		Kind string `json:"kind"`
		Name string `json:"name"`
	}{"Deployment", "lender"}
	lender := deployed("shop", "lender", "l", nil)
	lender.Template.Labels = map[string]string{"app": "lent"}
	found := readings{
		deployments: []controller{lender},
		rollouts:    []controller{rolloutOf(&r, time.Now())},
		namespaces:  []mesh.Namespace{{Name: "shop", Labels: map[string]string{"istio.io/rev": "r"}}},
	}
	for _, w := range found.workloads() {
		if w.Kind == mesh.ArgoRollout && (w.Template.Labels["app"] != "lent" || w.TemplateFrom != "Deployment shop/lender") {
			t.Errorf("%+v of %s", w.Template, w.TemplateFrom)
		}
	}
}

// An unknown kind wants as many pods as its own object says. Its pods are current if they
// were created after the last restart by a run.
func TestCustomOwnerSaysReplicas(t *testing.T) {
	n, at := 3, time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	w := mesh.Workload{Kind: "CloneSet", Replicas: 1, Pods: []mesh.Pod{{Name: "a", Ready: true, Created: at.Add(-time.Minute)}}}
	got := customOwner{read: true, resource: "clonesets", wanted: &n, restart: mesh.RestartAnnotation{Run: "r", At: at}}.addTo(w)
	if got.Replicas != 3 || got.Pods[0].Current || got.Rollout.Done || got.Template.Hash == "" || got.ReadError != "" ||
		got.Resource != "clonesets" {
		t.Errorf("%+v", got)
	}
	if got := (customOwner{read: true}).addTo(w); !strings.Contains(got.ReadError, "how many pods") {
		t.Errorf("got %+v, want a read error about the unknown number of pods", got)
	}
	if got := (customOwner{unread: "forbidden"}).addTo(w); got.ReadError != "forbidden" || got.Replicas != 1 {
		t.Errorf("%+v", got)
	}
}

func TestEndOfJob(t *testing.T) {
	j := &batchv1.Job{}
	if got := endOfJob(j); got != "when it completes" {
		t.Error(got)
	}
	deadline, begun := int64(90), metav1.NewTime(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))
	j.Spec.ActiveDeadlineSeconds, j.Status.StartTime = &deadline, &begun
	if got := endOfJob(j); got != "when it completes, and at the latest at 2026-03-01T12:01:30Z" {
		t.Error(got)
	}
	r := readings{jobEnds: map[types.UID]string{"j": "soon"}}
	if got := r.endOf([]pod{{creator: owner{uid: "j"}}, {creator: owner{uid: "j"}}, {creator: owner{uid: "x"}}}); got != "soon" {
		t.Error(got)
	}
}

// A restart needs one more pod only where none of the present ones may be unavailable.
func TestSurge(t *testing.T) {
	for _, c := range []struct {
		name               string
		replicas           int32
		surge, unavailable string
		want               int
	}{
		{"three by default", 3, "25%", "25%", 1},
		{"four by default", 4, "25%", "25%", 0},
		{"none may be unavailable", 8, "1", "0", 1},
		{"no surge", 8, "0", "1", 0},
		{"neither", 2, "0", "0", 0},
		{"none", 0, "1", "0", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			surge, unavailable := intstr.Parse(c.surge), intstr.Parse(c.unavailable)
			d := &appsv1.Deployment{
				Spec: appsv1.DeploymentSpec{
					Replicas: &c.replicas,
					Strategy: appsv1.DeploymentStrategy{RollingUpdate: &appsv1.RollingUpdateDeployment{MaxSurge: &surge, MaxUnavailable: &unavailable}},
				},
			}
			if got := deploymentSurge(d); got != c.want {
				t.Errorf("got %d, want %d", got, c.want)
			}
		})
	}
	one := intstr.FromInt32(1)
	d := &appsv1.DaemonSet{
		Spec: appsv1.DaemonSetSpec{UpdateStrategy: appsv1.DaemonSetUpdateStrategy{RollingUpdate: &appsv1.RollingUpdateDaemonSet{MaxSurge: &one}}},
	}
	if daemonSetSurge(d) != 1 || daemonSetSurge(&appsv1.DaemonSet{}) != 0 {
		t.Error("a DaemonSet's surge is not seen, or is made up")
	}
}

// A pod requests the sum of its containers and native sidecars, or its largest init
// container.
func TestNeeds(t *testing.T) {
	asks := func(cpu, memory string) corev1.ResourceRequirements {
		return corev1.ResourceRequirements{Requests: corev1.ResourceList{"cpu": resource.MustParse(cpu), "memory": resource.MustParse(memory)}}
	}
	always := corev1.ContainerRestartPolicyAlways
	got := needsOf(&corev1.PodSpec{
		Containers:     []corev1.Container{{Resources: asks("100m", "64Mi")}},
		InitContainers: []corev1.Container{{Resources: asks("1", "1Mi")}, {RestartPolicy: &always, Resources: asks("10m", "40Mi")}},
	})
	if want := (mesh.Needs{CPU: 1000, Memory: 104 << 20}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

func TestQuotas(t *testing.T) {
	q := &corev1.ResourceQuota{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "q"}, Status: corev1.ResourceQuotaStatus{
		Hard: corev1.ResourceList{
			"requests.cpu": resource.MustParse("2"),
		}, Used: corev1.ResourceList{"requests.cpu": resource.MustParse("1500m")}}}
	want := []mesh.Quota{{Namespace: "shop", Name: "q", Resource: "requests.cpu", Hard: 2000, Used: 1500}}
	if d := cmp.Diff(want, quotasOf(q)); d != "" {
		t.Error(d)
	}
	q.Spec.Scopes = []corev1.ResourceQuotaScope{corev1.ResourceQuotaScopeBestEffort}
	if got := quotasOf(q); got != nil {
		t.Errorf("a quota with scopes is counted: %v", got)
	}
}

func TestNodes(t *testing.T) {
	n := &corev1.Node{
		Status: corev1.NodeStatus{
			Allocatable: corev1.ResourceList{"cpu": resource.MustParse("4"), "memory": resource.MustParse("1Gi"), "pods": resource.MustParse("110")},
			Conditions:  []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue}},
		},
	}
	if got, want := nodeOf(n), (mesh.Node{AcceptsPods: true, Schedulable: true, CPU: 4000, Memory: 1 << 30, Pods: 110}); got != want {
		t.Errorf("%+v", got)
	}
	n.Spec.Taints = []corev1.Taint{{Effect: corev1.TaintEffectNoSchedule}}
	if got := nodeOf(n); got.AcceptsPods || !got.Schedulable {
		t.Errorf("tainted: %+v", got)
	}
	n.Spec.Unschedulable = true
	if got := nodeOf(n); got.AcceptsPods || got.Schedulable {
		t.Errorf("cordoned: %+v", got)
	}
	l := &observation{
		world: mesh.World{Capacity: mesh.Capacity{Nodes: []mesh.Node{{Name: "n", CPU: 4000, Pods: 2}}}},
		usage: map[string]usage{"n": {mesh.Needs{CPU: 1000}, 1}},
	}
	if l.subtractUsage(); l.world.Capacity.Nodes[0].CPU != 3000 || l.world.Capacity.Nodes[0].Pods != 1 {
		t.Errorf("%+v", l.world.Capacity.Nodes)
	}
}

// The error of an eviction names the budget that forbids it.
func TestEvictionNamesBudget(t *testing.T) {
	refusal := apierrors.NewTooManyRequests("Cannot evict pod as it would violate the pod's disruption budget.", 0)
	refusal.ErrStatus.Details.Causes = []metav1.StatusCause{
		{Type: "DisruptionBudget", Message: "The disruption budget web needs 2 healthy pods and has 2 currently"},
	}
	if got := forbiddenByBudget(refusal); !strings.Contains(got, "budget web needs 2 healthy pods") {
		t.Error(got)
	}
	several := errors.New("This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.")
	if got := forbiddenByBudget(apierrors.NewInternalError(several)); !strings.Contains(got, "more than one") {
		t.Error(got)
	}
	conflict := apierrors.NewGenericServerResponse(http.StatusConflict, "evict", corev1.Resource("pods"), "x", "", 0, false)
	for _, err := range []error{nil, errors.New("no route"), conflict} {
		if got := forbiddenByBudget(err); got != "" {
			t.Errorf("%v: %s", err, got)
		}
	}
}
