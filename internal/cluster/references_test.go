// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"errors"
	"github.com/google/go-cmp/cmp"
	"github.com/rerig/rerig/internal/cluster/client"
	"github.com/rerig/rerig/internal/cluster/istio"
	"github.com/rerig/rerig/internal/mesh"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"slices"
	"testing"
	"time"
)

// A control plane's own objects are no reference to it; the Service of a tag that no
// webhook serves is one.
func TestReferences(t *testing.T) {
	l := observation{
		removes:         true,
		tagServices:     map[string]string{"prod": "old", "stray": "old"},
		serviceRevision: map[string]string{"istiod-old": "old"},
		references: []mesh.Reference{
			{Subject: "EnvoyFilter istio-system/stats", Value: "old"},
			{Subject: "EnvoyFilter shop/lua", Value: "old"},
		},
		daemonSetCalls: []serviceCall{
			{subject: "DaemonSet a", service: "istiod-old"}, {subject: "DaemonSet b", service: "istiod"}, {subject: "DaemonSet c", service: "kiali"},
		},
	}
	l.world.RootNamespace = "istio-system"
	l.world.Webhooks = []mesh.Webhook{{Tag: "prod"}}
	l.world.Components = []mesh.Component{{Kind: "EnvoyFilter", Namespace: "istio-system", Name: "stats", Revision: "old"}}
	var got [][2]string
	for _, c := range l.allReferences() {
		got = append(got, [2]string{c.Subject, c.Value + c.Revision})
	}
	want := [][2]string{{"EnvoyFilter shop/lua", "old"}, {"Service istio-system/istiod-revision-tag-stray", "old"},
		{"DaemonSet a", "old"}, {"DaemonSet b", "default"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for pod, want := range map[string]string{"istiod-1-29-1-6d4cf56db6-abcde": "1-29-1", "istiod-6d4cf56db6-abcde": "default"} {
		if got := istio.RevisionIn(deploymentOfPod(pod)); got != want {
			t.Errorf("pod %s is of %q", pod, got)
		}
	}
}

// virtualServices is where VirtualServices are served.
var virtualServices = schema.GroupVersionResource{Group: "networking.istio.io", Version: "v1beta1", Resource: "virtualservices"}

// testReferences reads references to a revision: configuration with its label, and an
// entry whose VM was last connected to it.
func testReferences(t *testing.T, c *fixture) {
	kindServed(t, c, "networking.istio.io", "v1beta1", "VirtualService", "virtualservices")
	kindServed(t, c, "networking.istio.io", "v1alpha3", "WorkloadEntry", "workloadentries")
	labels := map[string]any{mesh.RevisionLabel: "held"}
	createInRoot(t, c, virtualServices, "VirtualService", "routes", map[string]any{"labels": labels})
	createInRoot(t, c, virtualServices, "VirtualService", "plain", nil)
	createInRoot(
		t,
		c,
		istio.WorkloadEntry,
		"WorkloadEntry",
		"away",
		map[string]any{"annotations": map[string]any{workloadController: "istiod-held-6d4cf56db6-abcde"}},
	)
	url, none := "https://istiod-held.istio-system.svc/inject", admissionv1.SideEffectClassNone
	service := &admissionv1.ServiceReference{Namespace: c.root, Name: "istiod-held"}
	_, err1 := c.api.AdmissionregistrationV1().ValidatingWebhookConfigurations().Create(t.Context(),
		&admissionv1.ValidatingWebhookConfiguration{ObjectMeta: metav1.ObjectMeta{Name: "istio-validator-by-hand"},
			Webhooks: []admissionv1.ValidatingWebhook{{Name: "by.hand.io", AdmissionReviewVersions: []string{"v1"}, SideEffects: &none,
				ClientConfig: admissionv1.WebhookClientConfig{Service: service}}}}, client.Creating)
	_, err2 := c.api.AdmissionregistrationV1().MutatingWebhookConfigurations().Create(t.Context(),
		&admissionv1.MutatingWebhookConfiguration{ObjectMeta: metav1.ObjectMeta{Name: "by-url"},
			Webhooks: []admissionv1.MutatingWebhook{{Name: "by.url.io", AdmissionReviewVersions: []string{"v1"}, SideEffects: &none,
				ClientConfig: admissionv1.WebhookClientConfig{URL: &url}}}}, client.Creating)
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	c.RemovingRun = "leaving"
	defer func() { c.RemovingRun = "" }()
	w, err := c.Observe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, claim := range w.References {
		if claim.Value == "held" || claim.Revision == "held" {
			got = append(got, claim.Subject+": "+claim.Through)
		}
	}
	want := []string{
		"MutatingWebhookConfiguration by-url: it calls Service istiod-held",
		"ValidatingWebhookConfiguration istio-validator-by-hand: it calls Service istiod-held",
		"VirtualService istio-system/routes: label istio.io/rev=held",
		"WorkloadEntry istio-system/away: annotation istio.io/workloadController=istiod-held-6d4cf56db6-abcde",
	}
	if !slices.Equal(got, want) {
		t.Errorf("what names it: %q", got)
	}
}

// kindServed makes the API server serve a kind without a schema.
func kindServed(t *testing.T, c *fixture, group, version, kind, plural string) {
	t.Helper()
	loose := map[string]any{"type": "object", "x-kubernetes-preserve-unknown-fields": true}
	definition := map[string]any{
		"apiVersion": "apiextensions.k8s.io/v1",
		"kind":       "CustomResourceDefinition",
		"metadata": map[string]any{"name": plural + "." + group,
			"annotations": map[string]any{"api-approved.kubernetes.io": "unapproved, for a test"}},
		"spec": map[string]any{"group": group, "scope": "Namespaced", "names": map[string]any{"plural": plural, "kind": kind},
			"versions": []any{map[string]any{"name": version, "served": true, "storage": true, "schema": map[string]any{"openAPIV3Schema": loose}}}},
	}
	post(t, c, "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", definition)
	resource := schema.GroupVersionResource{Group: group, Version: version, Resource: plural}
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		_, err := c.api.Dynamic.Resource(resource).List(t.Context(), metav1.ListOptions{Limit: client.PageSize})
		if err == nil {
			return
		}
		if status := apierrors.APIStatus(nil); !errors.As(err, &status) {
			t.Fatal(err)
		}
	}
	t.Fatal(kind + " is not served")
}

// createInRoot creates an object in the root namespace.
func createInRoot(t *testing.T, c *fixture, resource schema.GroupVersionResource, kind, name string, meta map[string]any) {
	t.Helper()
	o := &unstructured.Unstructured{
		Object: map[string]any{
			"apiVersion": resource.GroupVersion().String(),
			"kind":       kind,
			"metadata":   map[string]any{"name": name},
			"spec":       map[string]any{},
		},
	}
	for key, value := range meta {
		o.Object["metadata"].(map[string]any)[key] = value
	}
	if _, err := c.api.Dynamic.Resource(resource).Namespace(c.root).Create(t.Context(), o, client.Creating); err != nil {
		t.Fatal(err)
	}
}
