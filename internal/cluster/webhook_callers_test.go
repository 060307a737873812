// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rerig/rerig/internal/cluster/client"
	"github.com/rerig/rerig/internal/cluster/istio"
	"github.com/rerig/rerig/internal/mesh"
)

const callersRoot = "istio-system"

// callingWebhook is a validating webhook of a test: it calls a Service, or a URL.
type callingWebhook struct {
	service, url string
	sees         string // the revision that the configuration must name, "" for any
}

// validator returns a configuration of validating webhooks as readValidators reads it.
func validator(name string, labels, annotations map[string]string, hooks ...callingWebhook) webhookCaller {
	v := &admissionv1.ValidatingWebhookConfiguration{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels, Annotations: annotations}}
	r := &Reader{shared: shared{root: callersRoot}}
	caller := r.callerOf("ValidatingWebhookConfiguration", v)
	for _, h := range hooks {
		call := admissionv1.WebhookClientConfig{Service: &admissionv1.ServiceReference{Namespace: callersRoot, Name: h.service}}
		if h.url != "" {
			call = admissionv1.WebhookClientConfig{URL: &h.url}
		}
		var selector *metav1.LabelSelector
		if h.sees != "" {
			selector = &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{
				{Key: mesh.RevisionLabel, Operator: metav1.LabelSelectorOpIn, Values: []string{h.sees}},
			}}
		}
		caller.webhooks = append(caller.webhooks, calledWebhook{call, client.Selector(selector)})
	}
	return caller
}

// Whether a validator is a revision's own is decided by its labels, what it calls and what
// it sees, not by its name. Any other one that calls the revision is a reference.
func TestValidatorsAreOwnOrReferences(t *testing.T) {
	of := func(revision string) map[string]string {
		return map[string]string{"app": istio.App, mesh.RevisionLabel: revision}
	}
	const old = "istiod-1-29-1"
	for _, c := range []struct {
		name  string
		is    webhookCaller
		own   bool
		calls []int // its webhooks that call 1-29-1 by name, if it is a reference
		held  bool  // it is a reference
	}{
		{name: "the revision's own", is: validator("istio-validator-1-29-1-istio-system", of("1-29-1"), nil,
			callingWebhook{service: old, sees: "1-29-1"}), own: true},
		{name: "its own under another name", is: validator("checks", of("1-29-1"), nil, callingWebhook{service: old, sees: "1-29-1"}), own: true},
		{name: "made by hand", is: validator("istio-validator-stable", nil, nil, callingWebhook{service: old}), held: true, calls: []int{0}},
		{name: "a copy of it that sees everything", is: validator("istio-validator-stable", of("1-29-1"), nil, callingWebhook{service: old}),
			held: true, calls: []int{0}},
		{name: "a copy of it for a tag", is: validator("istio-validator-stable", of("1-29-1"), nil, callingWebhook{service: old, sees: "stable"}),
			held: true, calls: []int{0}},
		{name: "one of two webhooks", is: validator("mixed", nil, nil, callingWebhook{service: "istiod-1-31-0"}, callingWebhook{service: old}),
			held: true, calls: []int{1}},
		{name: "through another Service", is: validator("alias", nil, nil, callingWebhook{service: "pilot"}), held: true, calls: []int{0}},
		{name: "through the Service of a tag", is: validator("alias", nil, nil, callingWebhook{service: istio.TagService + "prod"}),
			held: true, calls: []int{0}},
		{name: "by a URL", is: validator("url", nil, nil, callingWebhook{url: "https://istiod-1-29-1.istio-system.svc:443/validate"}), held: true},
		{name: "the new revision's, miswired", is: validator("istio-validator-1-31-0-istio-system", of("1-31-0"), nil,
			callingWebhook{service: old, sees: "1-31-0"}), held: true, calls: []int{0}},
		{name: "with its labels, of another revision", is: validator("checks", of("1-29-1"), nil,
			callingWebhook{service: "istiod-1-31-0", sees: "1-29-1"})},
		{name: "another project's", is: validator("kiali", nil, nil, callingWebhook{service: "kiali"})},
		{name: "another server", is: validator("url", nil, nil, callingWebhook{url: "https://example.com/validate"})},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := &observation{removes: true, validators: []webhookCaller{c.is}, serviceRevision: map[string]string{
				old: "1-29-1", "istiod-1-31-0": "1-31-0", "pilot": "1-29-1", istio.TagService + "prod": "1-29-1",
			}}
			o.world.RootNamespace = callersRoot
			o.world.Components = mergeComponents([]mesh.Component{
				{Kind: "ValidatingWebhookConfiguration", Name: "istio-validator-1-31-0-istio-system", Revision: "1-31-0"},
			}, o.ownValidators())
			var own, held bool
			for _, b := range o.world.ComponentsOf("1-29-1") {
				own = own || b.String() == c.is.component.String()
			}
			for _, r := range o.allReferences() {
				if r.Revision != "1-29-1" {
					continue
				}
				held = true
				if diff := cmp.Diff(c.calls, r.Webhooks); r.Subject != c.is.component.String() || diff != "" {
					t.Errorf("reference of %s (-want +got):\n%s", r.Subject, diff)
				}
			}
			if own != c.own || held != c.held {
				t.Errorf("own %t, reference %t; want %t, %t", own, held, c.own, c.held)
			}
		})
	}
}

// A validator of a release that is kept elsewhere is left to that.
func TestOwnValidatorOfAnotherTool(t *testing.T) {
	labels := map[string]string{"app": istio.App, mesh.RevisionLabel: "1-29-1"}
	release := map[string]string{"meta.helm.sh/release-namespace": "platform", "meta.helm.sh/release-name": "mesh"}
	o := &observation{validators: []webhookCaller{
		validator("checks", labels, release, callingWebhook{service: "istiod-1-29-1", sees: "1-29-1"}),
	}}
	o.world.RootNamespace = callersRoot
	if list := o.ownValidators(); len(list) != 1 || list[0].ManagedBy != "Helm release platform/mesh" {
		t.Errorf("got %+v, want it managed by the Helm release", list)
	}
}

// Every configuration of mutating webhooks that calls a revision is a reference to it, but for
// its own and those of tags.
func TestMutatingWebhooksAreReferences(t *testing.T) {
	config := func(name string, labels map[string]string, webhook string) *admissionv1.MutatingWebhookConfiguration {
		return &admissionv1.MutatingWebhookConfiguration{
			ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels},
			Webhooks: []admissionv1.MutatingWebhook{{
				Name:         webhook,
				ClientConfig: admissionv1.WebhookClientConfig{Service: &admissionv1.ServiceReference{Namespace: callersRoot, Name: "istiod-1-29-1"}},
			}},
		}
	}
	r := &Reader{shared: shared{root: callersRoot}, scope: Scope{RemovingRun: "run"}}
	o := &observation{removes: true}
	o.world.RootNamespace = callersRoot
	o.world.Components = []mesh.Component{{Kind: "MutatingWebhookConfiguration", Name: "istio-sidecar-injector-1-29-1", Revision: "1-29-1"}}
	for _, m := range []*admissionv1.MutatingWebhookConfiguration{
		config("istio-sidecar-injector-1-29-1", map[string]string{mesh.RevisionLabel: "1-29-1"}, "rev.namespace."+istio.InjectorSuffix),
		config("istio-revision-tag-prod", map[string]string{istio.TagLabel: "prod"}, "rev.namespace."+istio.InjectorSuffix),
		config("istio-sidecar-injector-stable", map[string]string{mesh.RevisionLabel: "1-29-1"}, "rev.namespace."+istio.InjectorSuffix),
		config("annotator", nil, "annotate.example.com"),
	} {
		r.addMutator(o, m)
	}
	var got []string
	for _, c := range o.allReferences() {
		got = append(got, c.Subject)
	}
	want := []string{"MutatingWebhookConfiguration istio-sidecar-injector-stable", "MutatingWebhookConfiguration annotator"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("references (-want +got):\n%s", diff)
	}
}
