// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"github.com/rerig/rerig/api/v1alpha1"
	"github.com/rerig/rerig/internal/cluster/istio"
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"testing"
)

var byOthers = metav1.CreateOptions{FieldManager: v1alpha1.FieldManager + "-not"}

// createWebhook creates a revision's own webhook: one for its name, and for the revision
// without a name one that serves the default.
func createWebhook(t *testing.T, c *fixture, revision string) {
	t.Helper()
	none, version := admissionv1.SideEffectClassNone, []string{"v1"}
	service, name := "istiod-"+revision, "istio-sidecar-injector-"+revision
	if revision == istio.DefaultRevision {
		service, name = "istiod", "istio-sidecar-injector"
	}
	hook := func(prefix, label, value string) admissionv1.MutatingWebhook {
		return admissionv1.MutatingWebhook{Name: prefix + "." + istio.InjectorSuffix, SideEffects: &none, AdmissionReviewVersions: version,
			ClientConfig: admissionv1.WebhookClientConfig{Service: &admissionv1.ServiceReference{Namespace: c.root, Name: service}},
			NamespaceSelector: &metav1.LabelSelector{
				MatchExpressions: []metav1.LabelSelectorRequirement{{Key: label, Operator: metav1.LabelSelectorOpIn, Values: []string{value}}},
			}}
	}
	m := &admissionv1.MutatingWebhookConfiguration{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{mesh.RevisionLabel: revision}},
		Webhooks:   []admissionv1.MutatingWebhook{hook("rev.namespace", mesh.RevisionLabel, revision)},
	}
	if revision == istio.DefaultRevision {
		m.Webhooks = append(m.Webhooks, hook("namespace", mesh.InjectionLabel, "enabled"))
	}
	if _, err := c.api.AdmissionregistrationV1().MutatingWebhookConfigurations().Create(t.Context(), m, byOthers); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.api.AdmissionregistrationV1().MutatingWebhookConfigurations().Delete(context.Background(), name, metav1.DeleteOptions{})
	})
	createService(t, c, service, revision)
}

// createTag creates the webhooks of a tag prod of revision 1-29-1, which call the istiod of a
// namespace.
func createTag(t *testing.T, c *fixture, name, namespace string) {
	t.Helper()
	none := admissionv1.SideEffectClassNone
	m := &admissionv1.MutatingWebhookConfiguration{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{mesh.RevisionLabel: "1-29-1", istio.TagLabel: "prod"}},
		Webhooks: []admissionv1.MutatingWebhook{{
			Name: "rev.namespace." + istio.InjectorSuffix, SideEffects: &none, AdmissionReviewVersions: []string{"v1"},
			ClientConfig: admissionv1.WebhookClientConfig{
				Service: &admissionv1.ServiceReference{Namespace: namespace, Name: "istiod-1-29-1"},
			},
			NamespaceSelector: &metav1.LabelSelector{MatchLabels: map[string]string{mesh.RevisionLabel: "prod"}},
		}},
	}
	if _, err := c.api.AdmissionregistrationV1().MutatingWebhookConfigurations().Create(t.Context(), m, byOthers); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.api.AdmissionregistrationV1().MutatingWebhookConfigurations().Delete(context.Background(), name, metav1.DeleteOptions{})
	})
}

// createService creates the Service of a revision's istiods.
func createService(t *testing.T, c *fixture, name, revision string) {
	t.Helper()
	selector := map[string]string{"app": istio.App, mesh.RevisionLabel: revision}
	if revision == istio.DefaultRevision {
		selector = map[string]string{"app": istio.App, "istio": "pilot"}
	}
	_, err := c.api.CoreV1().Services(c.root).Create(
		t.Context(),
		&corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{mesh.RevisionLabel: revision}},
			Spec: corev1.ServiceSpec{Selector: selector, Ports: []corev1.ServicePort{{Port: 443}}}},
		byOthers,
	)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.api.CoreV1().Services(c.root).Delete(context.Background(), name, metav1.DeleteOptions{}) })
}

// createValidator creates the validator of the default.
func createValidator(t *testing.T, c *fixture, service string) {
	t.Helper()
	none, path := admissionv1.SideEffectClassNone, "/validate"
	_, err := c.api.AdmissionregistrationV1().ValidatingWebhookConfigurations().Create(
		t.Context(),
		&admissionv1.ValidatingWebhookConfiguration{ObjectMeta: metav1.ObjectMeta{Name: istio.DefaultValidator},
			Webhooks: []admissionv1.ValidatingWebhook{{Name: "validation.istio.io", SideEffects: &none, AdmissionReviewVersions: []string{"v1"},
				ClientConfig: admissionv1.WebhookClientConfig{
					Service: &admissionv1.ServiceReference{Namespace: c.root, Name: service, Path: &path},
				}}}},
		byOthers,
	)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.api.AdmissionregistrationV1().ValidatingWebhookConfigurations().Delete(
			context.Background(),
			istio.DefaultValidator,
			metav1.DeleteOptions{},
		)
	})
}

// moveDefault moves the default and returns where its parts point.
func moveDefault(t *testing.T, c *fixture, from, to string) (mesh.World, []string) {
	t.Helper()
	change := step.Change{Verb: step.PointTag, Kind: "Tag", Name: mesh.DefaultTag, Expect: from, Revision: to}
	if err := c.Write(t.Context(), change); err != nil {
		t.Fatal(err)
	}
	w, err := c.Observe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return w, w.TagRevisions(mesh.DefaultTag)
}

func testMoveTag(t *testing.T, c *fixture) {
	t.Run("of an untagged revision, with a Service that a chart made", func(t *testing.T) {
		createWebhook(t, c, istio.DefaultRevision)
		createWebhook(t, c, "1-31-0")
		createService(t, c, istio.TagService+mesh.DefaultTag, istio.DefaultRevision)
		createValidator(t, c, "istiod")
		for _, way := range [][2]string{{istio.DefaultRevision, "1-31-0"}, {"1-31-0", istio.DefaultRevision}} {
			w, at := moveDefault(t, c, way[0], way[1])
			if len(at) != 1 || at[0] != way[1] {
				t.Errorf("moved from %s to %s its parts are at %v", way[0], way[1], at)
			}
			labelled := mesh.Namespace{Name: "x", Labels: map[string]string{mesh.RevisionLabel: "default"}}
			if by := w.Injectors(labelled, mesh.Template{}); len(by) != 1 || by[0] != way[1] {
				t.Errorf("moved from %s to %s, %s=default is injected by %v", way[0], way[1], mesh.RevisionLabel, by)
			}
			service, err := c.api.CoreV1().Services(c.root).Get(t.Context(), istio.TagService+mesh.DefaultTag, metav1.GetOptions{})
			if err != nil || selectedRevision(service) != way[1] {
				t.Errorf("moved from %s to %s its Service is %v, %v", way[0], way[1], service, err)
			}
		}
	})
	t.Run("beside another mesh with the same tag", func(t *testing.T) {
		const another = "istio-revision-tag-prod-mesh-b"
		createWebhook(t, c, "1-29-1")
		createWebhook(t, c, "1-31-0")
		createTag(t, c, "istio-revision-tag-prod", c.root)
		createTag(t, c, another, "mesh-b")
		change := step.Change{Verb: step.PointTag, Kind: "Tag", Name: "prod", Expect: "1-29-1", Revision: "1-31-0"}
		if err := c.Write(t.Context(), change); err != nil {
			t.Fatal(err)
		}
		w, err := c.Observe(t.Context())
		if at := w.TagRevisions("prod"); err != nil || len(at) != 1 || at[0] != "1-31-0" {
			t.Errorf("the tag's parts: got %v, %v, want 1-31-0", at, err)
		}
		if len(w.OtherMeshes) != 1 || w.OtherMeshes[0].RootNamespace != "mesh-b" {
			t.Errorf("other meshes: got %v, want mesh-b", w.OtherMeshes)
		}
		found, err := c.api.AdmissionregistrationV1().MutatingWebhookConfigurations().Get(t.Context(), another, metav1.GetOptions{})
		if err != nil || found.Labels[mesh.RevisionLabel] != "1-29-1" {
			t.Errorf("the other mesh's tag: got %v, %v, want it at 1-29-1", found.Labels, err)
		}
	})
	t.Run("the validator alone", func(t *testing.T) {
		createWebhook(t, c, "1-29-1")
		createWebhook(t, c, "1-31-0")
		createValidator(t, c, "istiod-1-29-1")
		if _, at := moveDefault(t, c, "1-29-1", "1-31-0"); len(at) != 1 || at[0] != "1-31-0" {
			t.Errorf("the validator is at %v", at)
		}
	})
}
