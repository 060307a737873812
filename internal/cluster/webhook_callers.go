// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"net/url"
	"slices"
	"strings"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rerig/rerig/internal/cluster/client"
	"github.com/rerig/rerig/internal/cluster/istio"
	"github.com/rerig/rerig/internal/mesh"
)

// webhookCaller is a configuration of admission webhooks.
type webhookCaller struct {
	component mesh.Component // as which it would be removed
	labels    map[string]string
	webhooks  []calledWebhook
}

// calledWebhook is one webhook of a configuration.
type calledWebhook struct {
	call    admissionv1.WebhookClientConfig
	objects mesh.Selector
}

// readValidators reads the validating webhooks, for a removal.
func (r *Reader) readValidators(ctx context.Context, o *observation) error {
	if r.scope.RemovingRun == "" {
		return nil
	}
	err := client.List(ctx, allObjects, r.api.AdmissionregistrationV1().ValidatingWebhookConfigurations().List, func() { o.validators = nil },
		func(page *admissionv1.ValidatingWebhookConfigurationList) {
			for i := range page.Items {
				v := &page.Items[i]
				caller := r.callerOf("ValidatingWebhookConfiguration", v)
				for _, h := range v.Webhooks {
					caller.webhooks = append(caller.webhooks, calledWebhook{h.ClientConfig, client.Selector(h.ObjectSelector)})
				}
				o.validators = append(o.validators, caller)
			}
		})
	return client.ReadError("ValidatingWebhookConfigurations", err)
}

// addMutator notes a configuration of mutating webhooks, for a removal. Those of tags
// are moved, or are a reference as tags.
func (r *Reader) addMutator(o *observation, m *admissionv1.MutatingWebhookConfiguration) {
	if r.scope.RemovingRun == "" || m.Labels[istio.TagLabel] != "" {
		return
	}
	caller := r.callerOf("MutatingWebhookConfiguration", m)
	for _, h := range m.Webhooks {
		caller.webhooks = append(caller.webhooks, calledWebhook{h.ClientConfig, client.Selector(h.ObjectSelector)})
	}
	o.mutators = append(o.mutators, caller)
}

func (r *Reader) callerOf(kind string, m metav1.Object) webhookCaller {
	b, _ := componentOf(kind, m)
	b.IstioComponent, b.Shared = istio.Pilot, false
	if b.ManagedBy == "" {
		b.ManagedBy = helmReleaseElsewhere(m, r.root)
	}
	return webhookCaller{component: b, labels: m.GetLabels()}
}

// calls returns the Services of the root namespace that a configuration calls, with the
// webhooks that do. One that calls a URL cannot be pointed at another Service by name.
func (w webhookCaller) calls(root string) []serviceCall {
	var list []serviceCall
	for n, h := range w.webhooks {
		service, entries := "", []int(nil)
		switch c := h.call; {
		case c.Service != nil && c.Service.Namespace == root:
			service, entries = c.Service.Name, []int{n}
		case c.URL != nil:
			if at, err := url.Parse(*c.URL); err == nil {
				service = serviceOf(at.Host, root)
			}
		}
		if service == "" {
			continue
		}
		i := slices.IndexFunc(list, func(c serviceCall) bool { return c.service == service })
		if i < 0 {
			i, list = len(list), append(list, serviceCall{subject: w.component.String(), service: service})
		}
		list[i].entries = append(list[i].entries, entries...)
	}
	return list
}

// webhookCallers returns the Services that admission webhooks call.
func (o *observation) webhookCallers() []serviceCall {
	var list []serviceCall
	for _, w := range slices.Concat(o.validators, o.mutators) {
		list = append(list, w.calls(o.world.RootNamespace)...)
	}
	return list
}

// ownValidators returns the validators of revisions that only their release has as a
// component: the chart istiod does not label them as one (validatingwebhookconfiguration.yaml
// @1.29.1). Such a validator has the labels of its revision, calls that, and sees only
// configuration that names it. Whatever else calls a revision is a reference to it.
func (o *observation) ownValidators() []mesh.Component {
	var list []mesh.Component
	for _, w := range o.validators {
		revision := w.labels[mesh.RevisionLabel]
		calls := w.calls(o.world.RootNamespace)
		if revision == "" || w.labels["app"] != istio.App || w.labels[istio.TagLabel] != "" || len(calls) == 0 {
			continue
		}
		foreign := slices.ContainsFunc(calls, func(c serviceCall) bool { return o.revisionBehind(c.service) != revision }) ||
			slices.ContainsFunc(w.webhooks, func(h calledWebhook) bool { return !selectsOnly(h.objects, revision) })
		if !foreign {
			list = append(list, w.component)
		}
	}
	return list
}

// selectsOnly reports whether a selector matches only what names the revision.
func selectsOnly(s mesh.Selector, revision string) bool {
	return slices.ContainsFunc(s, func(r mesh.Requirement) bool {
		return r.Key == mesh.RevisionLabel && r.Operator == mesh.In && slices.Equal(r.Values, []string{revision})
	})
}

// tagOfService returns the tag whose Service has that name, "" for none.
func tagOfService(name string) string {
	tag, is := strings.CutPrefix(name, istio.TagService)
	if !is {
		return ""
	}
	return tag
}
