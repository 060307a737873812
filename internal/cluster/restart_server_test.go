// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"errors"
	"github.com/google/go-cmp/cmp"
	"github.com/rerig/rerig/api/v1alpha1"
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/step"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"testing"
	"time"
)

// template returns a minimal pod template.
func template(labels map[string]string) corev1.PodTemplateSpec {
	return corev1.PodTemplateSpec{
		ObjectMeta: metav1.ObjectMeta{Labels: labels},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "app", Image: "app:1"}}},
	}
}

func testRestart(t *testing.T, c *fixture) {
	labels := map[string]string{"app": "web"}
	selector := &metav1.LabelSelector{MatchLabels: labels}
	object, other := metav1.ObjectMeta{Name: "web", Namespace: "shop"}, metav1.CreateOptions{FieldManager: v1alpha1.FieldManager + "-not"}
	_, err1 := c.api.AppsV1().Deployments("shop").Create(
		t.Context(),
		&appsv1.Deployment{ObjectMeta: object, Spec: appsv1.DeploymentSpec{Selector: selector, Template: template(labels)}},
		other,
	)
	_, err2 := c.api.AppsV1().StatefulSets("shop").Create(
		t.Context(),
		&appsv1.StatefulSet{ObjectMeta: object, Spec: appsv1.StatefulSetSpec{Selector: selector, Template: template(labels)}},
		other,
	)
	_, err3 := c.api.AppsV1().DaemonSets("shop").Create(
		t.Context(),
		&appsv1.DaemonSet{ObjectMeta: object, Spec: appsv1.DaemonSetSpec{Selector: selector, Template: template(labels)}},
		other,
	)
	if err := errors.Join(err1, err2, err3); err != nil {
		t.Fatal(err)
	}
	before, err := c.Observe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	when := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	for _, kind := range []mesh.Kind{mesh.Deployment, mesh.StatefulSet, mesh.DaemonSet} {
		key := string(kind) + " shop/web"
		change, err := plan.Render(step.Step{Kind: step.Restart, Subject: step.Subject(key)}, step.Target{Run: "up"}, when)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Write(t.Context(), change[0]); err != nil {
			t.Fatal(err)
		}
		after, err := c.Observe(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		was, _ := before.Workload(mesh.WorkloadRef(key))
		is, ok := after.Workload(mesh.WorkloadRef(key))
		if !ok || is.RestartAnnotation != (mesh.RestartAnnotation{Run: "up", At: when}) || is.Template.Hash == was.Template.Hash ||
			is.Rollout.Done {
			t.Errorf("%s after its restart: %+v", key, is)
		}
	}
	d, err := c.api.AppsV1().Deployments("shop").Get(t.Context(), "web", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	prefix := "f:spec f:template f:metadata f:annotations f:rerig.dev/"
	if diff := cmp.Diff([]string{prefix + "restarted-at", prefix + "run"}, fields(t, d.ManagedFields)); diff != "" {
		t.Errorf("what rerig manages (-want +got):\n%s", diff)
	}
	if err := c.Write(t.Context(), step.Change{Verb: step.InstallRevision, Kind: "Revision", Name: "x"}); err == nil {
		t.Error("installed without an installer")
	}
	for _, change := range []step.Change{{Verb: step.Patch, Kind: "Secret", Name: "x"}, {Verb: "remove", Kind: "Namespace", Name: "shop"}} {
		if err := c.Write(t.Context(), change); err == nil {
			t.Errorf("%s of a %s was carried out", change.Verb, change.Kind)
		}
	}
}

// testLabelTemplate labels the template of a CronJob.
func testLabelTemplate(t *testing.T, c *fixture) {
	labelled := template(map[string]string{mesh.RevisionLabel: "old"})
	labelled.Spec.RestartPolicy = corev1.RestartPolicyNever
	object := metav1.ObjectMeta{Name: "report", Namespace: "shop"}
	_, err := c.api.BatchV1().CronJobs("shop").Create(
		t.Context(),
		&batchv1.CronJob{ObjectMeta: object, Spec: batchv1.CronJobSpec{Schedule: "@daily",
			JobTemplate: batchv1.JobTemplateSpec{
				Spec: batchv1.JobSpec{Template: labelled},
			}}},
		metav1.CreateOptions{FieldManager: v1alpha1.FieldManager + "-not"},
	)
	if err != nil {
		t.Fatal(err)
	}
	for _, pin := range []string{"new", "-"} {
		changes, err := plan.Render(
			step.Step{Kind: step.LabelTemplate, Subject: "CronJob shop/report", TemplateLabel: pin},
			step.Target{},
			time.Time{},
		)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Write(t.Context(), changes[0]); err != nil {
			t.Fatal(err)
		}
		j, err := c.api.BatchV1().CronJobs("shop").Get(t.Context(), "report", metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		got, is := j.Spec.JobTemplate.Spec.Template.Labels[mesh.RevisionLabel]
		if is != (pin != "-") || is && got != pin {
			t.Errorf("pinned to %s its template bears %q", pin, got)
		}
	}
}

func TestSelectsRevision(t *testing.T) {
	for value, want := range map[string]bool{"app": false, mesh.RevisionLabel: true} {
		labels := map[string]string{value: "x"}
		d := &appsv1.Deployment{Spec: appsv1.DeploymentSpec{Selector: &metav1.LabelSelector{MatchLabels: labels}, Template: template(labels)}}
		if got := deployment(d).SelectsRevision; got != want {
			t.Errorf("selecting by %s: %t", value, got)
		}
	}
}
