// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"github.com/google/go-cmp/cmp"
	"github.com/rerig/rerig/internal/cluster/istio"
	"github.com/rerig/rerig/internal/mesh"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"testing"
)

func TestRevisions(t *testing.T) {
	hooks := []mesh.Webhook{
		{Revision: "1-29-1", Service: "istio-system/istiod-1-29-1"},
		{Revision: "1-29-1", Tag: "prod", Service: "istio-system/istiod-revision-tag-prod"},
		{Revision: "default", Service: "istio-system/istiod"},
		{Revision: "half", Service: "istio-system/istiod-half"},
		{Revision: "remote", Service: "https://istiod.example/inject"},
		{Revision: "gone", Tag: "stale", Service: "istio-system/istiod-gone"},
	}
	planes := []plane{{"1-29-1", 2, 1, false}, {"default", 1, 1, true}, {"bare", 1, 0, false}}
	istiods := map[string][]mesh.Istiod{
		"1-29-1": {{Pod: "a", Version: "1.29.1"}, {Pod: "b", Version: "1.29.2"}, {Pod: "c", Version: "1.29.3", NoAnswer: "refused"}},
	}
	got := revisionsOf("istio-system", planes, hooks, []string{"istiod", "istiod-1-29-1"}, istiods)
	want := []mesh.Revision{
		{Name: "1-29-1", Version: "1.29.1, 1.29.2", Replicas: 2, Ready: 1, Istiods: istiods["1-29-1"]},
		{Name: "bare", Replicas: 1, Missing: []string{"Service istiod-bare", "webhook istio-sidecar-injector-bare"}},
		{Name: "default", Replicas: 1, Ready: 1, UsesTrustBundle: true},
		{Name: "half", Missing: []string{"Deployment istiod-half", "Service istiod-half"}},
		{Name: "remote", Missing: []string{"Deployment istiod-remote"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	tags := []mesh.Tag{{Name: "prod", Revision: "1-29-1", Service: "1-29-1"}, {Name: "stale", Revision: "gone"}}
	if diff := cmp.Diff(tags, tagsOf(hooks, map[string]string{"prod": "1-29-1"}, nil)); diff != "" {
		t.Errorf("tags (-want +got):\n%s", diff)
	}
	if got := istio.InjectorOf("mesh", "x"); got != "istio-sidecar-injector-x-mesh" {
		t.Errorf("elsewhere the webhook is called %s", got)
	}
}

func TestWebhooks(t *testing.T) {
	never := &metav1.LabelSelector{MatchLabels: map[string]string{"istio.io/deactivated": "never-match", "a": "b"}}
	some := &metav1.LabelSelector{
		MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "istio.io/rev", Operator: "In", Values: []string{"x"}}},
	}
	url := "https://elsewhere/inject"
	c := &admissionv1.MutatingWebhookConfiguration{
		ObjectMeta: metav1.ObjectMeta{Name: "istio-sidecar-injector"},
		Webhooks: []admissionv1.MutatingWebhook{
			{
				Name:              "rev.namespace.sidecar-injector.istio.io",
				NamespaceSelector: some,
				ClientConfig:      admissionv1.WebhookClientConfig{URL: &url, CABundle: []byte("no PEM")},
			},
			{Name: "sidecar-injector.istio.io", NamespaceSelector: never, ObjectSelector: never,
				ClientConfig: admissionv1.WebhookClientConfig{Service: &admissionv1.ServiceReference{Namespace: "istio-system", Name: "istiod"}}},
			{Name: "gateway.other.io"},
		},
	}
	want := []mesh.Webhook{
		{Configuration: "istio-sidecar-injector", Name: "rev.namespace.sidecar-injector.istio.io", Revision: "default", Service: url,
			Namespaces: mesh.Selector{{Key: "istio.io/rev", Operator: mesh.In, Values: []string{"x"}}}},
		{Configuration: "istio-sidecar-injector", Name: "sidecar-injector.istio.io", Revision: "default", Service: "istio-system/istiod",
			Namespaces: mesh.Selector{
				{Key: "a", Operator: mesh.In, Values: []string{"b"}},
				{Key: "istio.io/deactivated", Operator: mesh.In, Values: []string{"never-match"}},
			},
			Objects: mesh.Selector{
				{Key: "a", Operator: mesh.In, Values: []string{"b"}},
				{Key: "istio.io/deactivated", Operator: mesh.In, Values: []string{"never-match"}},
			}},
	}
	got := webhooksOf(c)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if !got[0].Objects.Matches(map[string]string{"any": "thing"}) || got[1].Namespaces.Matches(map[string]string{}) {
		t.Error("a selector that is left out matches everything, a deactivated one nothing")
	}
}
