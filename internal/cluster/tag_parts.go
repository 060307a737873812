// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"cmp"
	"context"
	"slices"
	"strings"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rerig/rerig/internal/cluster/client"
	"github.com/rerig/rerig/internal/cluster/istio"
	"github.com/rerig/rerig/internal/mesh"
)

// tagOwner says which tool manages the webhooks of a tag.
type tagOwner struct{ tag, tool string }

// managerOfTag returns the tool that manages the webhooks of a tag, "" for none.
func managerOfTag(m *metav1.ObjectMeta) string {
	if by := labelsSetBy(m, ownLabels, mesh.RevisionLabel); by.Name != "" {
		return cmp.Or(trackedBy(m), by.String())
	}
	return cmp.Or(trackedBy(m), gitOpsOwner(m, ownLabels, mesh.RevisionLabel))
}

// readServices reads all Services: those that select pods, and in the root
// namespace those of istiods and tags.
func (r *Reader) readServices(ctx context.Context, o *observation) error {
	begin := func() {
		o.rootServices, o.selecting, o.tagServices, o.serviceRevision = nil, nil, map[string]string{}, map[string]string{}
		o.found.services, o.found.keepers = map[string][]mesh.Service{}, map[mesh.WorkloadRef]string{}
	}
	err := client.List(ctx, allObjects, r.api.CoreV1().Services("").List, begin, func(page *corev1.ServiceList) {
		for i := range page.Items {
			s := &page.Items[i]
			if o.found.addService(s); s.Namespace != r.root {
				continue
			}
			o.rootServices = append(o.rootServices, s.Name)
			if len(s.Spec.Selector) > 0 {
				o.selecting = append(o.selecting, *s)
			}
			if s.Spec.Selector["app"] == istio.App {
				o.serviceRevision[s.Name] = selectedRevision(s)
			}
			if tag, is := strings.CutPrefix(s.Name, istio.TagService); is {
				o.tagServices[tag] = selectedRevision(s)
			}
		}
	})
	return client.ReadError("Services", err)
}

// selectedRevision returns the revision whose istiods a Service selects.
func selectedRevision(s *corev1.Service) string {
	if revision := s.Spec.Selector[mesh.RevisionLabel]; revision != "" {
		return revision
	}
	return istio.RevisionOf(s.Labels)
}

// readValidator reads which Service the validator of the default calls. validatorOf
// replaces it by the revision.
func (r *Reader) readValidator(ctx context.Context, o *observation) error {
	v, err := r.api.AdmissionregistrationV1().ValidatingWebhookConfigurations().Get(ctx, istio.DefaultValidator, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return client.ReadError("ValidatingWebhookConfiguration "+istio.DefaultValidator, err)
	}
	o.world.Validator = mesh.Validator{Configuration: v.Name, Revision: calledService(v, r.root)}
	return nil
}

// calledService returns the name of the Service in the root namespace that a validator
// calls, "" for none.
func calledService(v *admissionv1.ValidatingWebhookConfiguration, root string) string {
	for _, h := range v.Webhooks {
		if s := h.ClientConfig.Service; s != nil && s.Namespace == root {
			return s.Name
		}
	}
	return ""
}

// ofOtherMesh reports whether a validator calls the istiod of another namespace.
func ofOtherMesh(v *admissionv1.ValidatingWebhookConfiguration, root string) bool {
	return slices.ContainsFunc(v.Webhooks, func(h admissionv1.ValidatingWebhook) bool {
		return h.ClientConfig.Service != nil && h.ClientConfig.Service.Namespace != root
	})
}

// validatorOf replaces the Service that a validator calls by the revision behind
// it. A Service that does not exist leaves its name, which no revision has.
func validatorOf(v mesh.Validator, serviceRevision map[string]string) mesh.Validator {
	switch revision := serviceRevision[v.Revision]; {
	case v.Configuration == "" || v.Revision == "":
		return mesh.Validator{}
	case revision != "":
		v.Revision = revision
	}
	return v
}

// tagsOf returns the revision tags of webhooks, with their Services and managers.
func tagsOf(hooks []mesh.Webhook, services map[string]string, owners []tagOwner) []mesh.Tag {
	var tags []mesh.Tag
	seen := map[string]bool{}
	for _, h := range hooks {
		if h.Tag == "" || seen[h.Tag+" "+h.Revision] {
			continue
		}
		seen[h.Tag+" "+h.Revision] = true
		t := mesh.Tag{Name: h.Tag, Revision: h.Revision, Service: services[h.Tag]}
		for _, o := range owners {
			if o.tag == h.Tag {
				t.ManagedBy = o.tool
			}
		}
		tags = append(tags, t)
	}
	return tags
}
