// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/rerig/rerig/api/v1alpha1"
	"github.com/rerig/rerig/internal/cluster/client"
	"github.com/rerig/rerig/internal/cluster/rendered"
	"github.com/rerig/rerig/internal/engine"
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// renderedGatewayTemplate is the template of a gateway, rendered for a revision.
func renderedGatewayTemplate(revision string) corev1.PodTemplateSpec {
	return corev1.PodTemplateSpec{
		ObjectMeta: metav1.ObjectMeta{
			Labels: map[string]string{"app": "edge"}, Annotations: map[string]string{mesh.RevisionLabel: revision, mesh.SidecarLabel: "false"},
		},
		Spec: corev1.PodSpec{
			ServiceAccountName: "edge-service-account", Containers: []corev1.Container{{
				Name: "istio-proxy", Image: "proxyv2:" + revision, Args: []string{"proxy", "router"},
			}},
		},
	}
}

// testRenderedGateway stores, replaces and restores the template of a gateway that istioctl
// installed, and labels its objects.
func testRenderedGateway(t *testing.T, c *fixture) {
	const ns = "rendered"
	createNamespace(t, c, ns, nil)
	createRun(t, c, "rendered", "new")
	labels := map[string]string{rendered.OwnerLabel: "mine", rendered.ComponentLabel: "IngressGateways", mesh.RevisionLabel: "old"}
	createGatewayObjects(t, c, ns, labels)
	d, err := c.api.AppsV1().Deployments(ns).Get(t.Context(), "edge", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	before := d.Spec.Template
	want := mesh.InstalledGateway{Operator: "mine", Component: "IngressGateways", Revision: "old"}
	if got := deployment(d).Installed; got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	text, err := json.Marshal(renderedGatewayTemplate("new"))
	if err != nil {
		t.Fatal(err)
	}
	w := NewWriter(c.Cluster, Scope{Templates: map[mesh.WorkloadRef]rendered.Template{
		"Deployment rendered/edge": {Digest: "abc", JSON: text},
	}}, nil)
	change := func(v step.Verb, revision, digest string) step.Change {
		now, err := c.api.AppsV1().Deployments(ns).Get(t.Context(), "edge", metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return step.Change{Verb: v, Kind: "Deployment", Namespace: ns, Name: "edge", Owner: "rendered", Expect: hashOf(&now.Spec.Template),
			Revision: revision, Rendered: digest}
	}
	write := func(x step.Change, want error) {
		t.Helper()
		if err := w.Write(t.Context(), x); !errors.Is(err, want) {
			t.Errorf("%s: got %v, want %v", x.Verb, err, want)
		}
	}
	stale := change(step.SaveTemplate, "old", "")
	stale.Expect = "another"
	write(stale, engine.ErrConflict)
	write(change(step.SaveTemplate, "old", ""), nil)
	write(change(step.SaveTemplate, "old", ""), nil) // it was killed in between
	write(change(step.SetTemplate, "new", "xyz"), engine.ErrRefused)
	write(change(step.SetTemplate, "new", "abc"), nil)
	requireGatewayTemplate(t, c, ns, "new")
	write(change(step.RestoreTemplate, "older", ""), engine.ErrRefused)
	write(change(step.RestoreTemplate, "old", ""), nil)
	if diff := cmp.Diff(before, requireGatewayTemplate(t, c, ns, "old")); diff != "" {
		t.Errorf("restored template (-want +got):\n%s", diff)
	}
	stored, err := c.api.CoreV1().ConfigMaps(ns).List(t.Context(), metav1.ListOptions{Limit: client.PageSize})
	if err != nil || len(stored.Items) != 1 || len(stored.Items[0].OwnerReferences) != 1 {
		t.Fatalf("got ConfigMaps %+v, %v, want one that the run owns", stored, err)
	}

	write(change(step.SetTemplate, "new", "abc"), nil)
	createReplicaSet(t, c, ns, before)
	if err := c.api.CoreV1().ConfigMaps(ns).Delete(t.Context(), stored.Items[0].Name, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	write(change(step.RestoreTemplate, "old", ""), nil)
	if diff := cmp.Diff(before, requireGatewayTemplate(t, c, ns, "old")); diff != "" {
		t.Errorf("template restored from a ReplicaSet (-want +got):\n%s", diff)
	}

	label := change(step.LabelObjects, "new", "")
	label.Expect = "another"
	write(label, engine.ErrConflict)
	label.Expect = "old"
	write(label, nil)
	requireGatewayLabels(t, c, ns)
}

// createGatewayObjects creates the objects of two gateways of one component.
func createGatewayObjects(t *testing.T, c *fixture, ns string, labels map[string]string) {
	t.Helper()
	named := func(name string) metav1.ObjectMeta { return metav1.ObjectMeta{Name: name, Labels: labels} }
	create := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	by := metav1.CreateOptions{FieldManager: "rerig-as-istioctl"} // the writes of a run are counted by this prefix
	selector := &metav1.LabelSelector{MatchLabels: map[string]string{"app": "edge"}}
	_, err := c.api.AppsV1().Deployments(ns).Create(t.Context(), &appsv1.Deployment{
		ObjectMeta: named("edge"), Spec: appsv1.DeploymentSpec{Selector: selector, Template: renderedGatewayTemplate("old")},
	}, by)
	create(err)
	for _, name := range []string{"edge", "other"} {
		_, err := c.api.CoreV1().Services(ns).Create(t.Context(), &corev1.Service{
			ObjectMeta: named(name), Spec: corev1.ServiceSpec{Ports: []corev1.ServicePort{{Port: 80}}},
		}, by)
		create(err)
		_, err = c.api.CoreV1().ServiceAccounts(ns).Create(t.Context(), &corev1.ServiceAccount{ObjectMeta: named(name + "-service-account")}, by)
		create(err)
		_, err = c.api.RbacV1().Roles(ns).Create(t.Context(), &rbacv1.Role{ObjectMeta: named(name + "-sds")}, by)
		create(err)
		_, err = c.api.RbacV1().RoleBindings(ns).Create(t.Context(), &rbacv1.RoleBinding{
			ObjectMeta: named(name + "-sds"), RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: name + "-sds"},
		}, by)
		create(err)
	}
}

// createReplicaSet creates a ReplicaSet of the gateway with an earlier template.
func createReplicaSet(t *testing.T, c *fixture, ns string, template corev1.PodTemplateSpec) {
	t.Helper()
	d, err := c.api.AppsV1().Deployments(ns).Get(t.Context(), "edge", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	template.Labels = map[string]string{"app": "edge", podTemplateHash: "h1"}
	labels := map[string]string{"app": "edge", podTemplateHash: "h1"}
	none := int32(0)
	_, err = c.api.AppsV1().ReplicaSets(ns).Create(t.Context(), &appsv1.ReplicaSet{
		ObjectMeta: metav1.ObjectMeta{Name: "edge-h1", Labels: labels, Annotations: map[string]string{revisionAnnotation: "1"},
			OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(d, appsv1.SchemeGroupVersion.WithKind("Deployment"))}},
		Spec: appsv1.ReplicaSetSpec{Replicas: &none, Selector: &metav1.LabelSelector{MatchLabels: labels}, Template: template},
	}, client.Creating)
	if err != nil {
		t.Fatal(err)
	}
}

// requireGatewayTemplate requires a template of a revision, and returns it.
func requireGatewayTemplate(t *testing.T, c *fixture, ns, revision string) corev1.PodTemplateSpec {
	t.Helper()
	d, err := c.api.AppsV1().Deployments(ns).Get(t.Context(), "edge", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if got := d.Spec.Template.Annotations[mesh.RevisionLabel]; got != revision {
		t.Errorf("got a template of %q, want %q", got, revision)
	}
	return d.Spec.Template
}

// requireGatewayLabels requires that the objects of one gateway have another label, and that
// the run's field manager owns nothing else of its Deployment.
func requireGatewayLabels(t *testing.T, c *fixture, ns string) {
	t.Helper()
	for _, resource := range []schema.GroupVersionResource{
		corev1.SchemeGroupVersion.WithResource("services"), corev1.SchemeGroupVersion.WithResource("serviceaccounts"),
		rbacv1.SchemeGroupVersion.WithResource("roles"), rbacv1.SchemeGroupVersion.WithResource("rolebindings"),
	} {
		list, err := c.api.Dynamic.Resource(resource).Namespace(ns).List(t.Context(), metav1.ListOptions{Limit: client.PageSize})
		if err != nil {
			t.Fatal(err)
		}
		checkGatewayLabels(t, resource.Resource, list.Items)
	}
	d, err := c.api.AppsV1().Deployments(ns).Get(t.Context(), "edge", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if d.Labels[mesh.RevisionLabel] != "new" {
		t.Errorf("got label %q of the Deployment, want new", d.Labels[mesh.RevisionLabel])
	}
	for _, f := range d.ManagedFields {
		if f.Manager == v1alpha1.FieldManager && strings.Contains(f.FieldsV1.GetRawString(), "f:template") {
			t.Errorf("the run still owns the template: %s", f.FieldsV1.GetRawString())
		}
	}
}

func checkGatewayLabels(t *testing.T, what string, list []unstructured.Unstructured) {
	t.Helper()
	for _, o := range list {
		want, of := "old", o.GetName()
		if strings.HasPrefix(of, "edge") {
			want = "new"
		}
		if got, labelled := o.GetLabels()[mesh.RevisionLabel]; labelled && got != want {
			t.Errorf("%s %s: got label %q, want %q", what, of, got, want)
		}
	}
}
