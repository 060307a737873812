// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"strings"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rerig/rerig/internal/mesh"
)

const (
	// defaultValidator validates what names no revision (manifests/charts/base and
	// istioctl/pkg/tag/generate.go @1.29.1).
	defaultValidator = "istiod-default-validator"

	// tagService begins the names of the Services that tags have since Istio 1.28.
	tagService = "istiod-revision-tag-"
)

func (c *Cluster) readServices(ctx context.Context, l *look) error {
	l.tagged, l.found.services, l.found.keepers = map[string]string{}, map[string][]mesh.Service{}, map[string]string{}
	return reading("Services", pages(ctx, metav1.ListOptions{}, c.core.Services("").List,
		func(page *corev1.ServiceList) {
			for i := range page.Items {
				s := &page.Items[i]
				if l.found.noteService(s); s.Namespace != c.Root {
					continue
				}
				l.services = append(l.services, s.Name)
				if s.Spec.Selector["app"] == istiodApp {
					l.behind[s.Name] = selected(s)
				}
				if tag, is := strings.CutPrefix(s.Name, tagService); is {
					l.tagged[tag] = selected(s)
				}
			}
		}))
}

// selected is the revision whose istiods a Service selects.
func selected(s *corev1.Service) string {
	if revision := s.Spec.Selector[mesh.RevisionLabel]; revision != "" {
		return revision
	}
	return revisionOf(s.Labels)
}

// readValidator notes the Service that the default's validator calls; which
// revision that is, its Service tells.
func (c *Cluster) readValidator(ctx context.Context, l *look) error {
	v, err := c.admission.ValidatingWebhookConfigurations().Get(ctx, defaultValidator, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return reading("ValidatingWebhookConfiguration "+defaultValidator, err)
	}
	l.world.Validator = mesh.Validator{Configuration: v.Name, Revision: validates(v)}
	return nil
}

// validates is the name of the Service that a validator calls.
func validates(v *admissionv1.ValidatingWebhookConfiguration) string {
	for _, h := range v.Webhooks {
		if h.ClientConfig.Service != nil {
			return h.ClientConfig.Service.Name
		}
	}
	return ""
}

// validatorOf puts the revision in the place of the Service that a validator
// calls. A Service that is not there leaves its name: nobody of that name serves.
func validatorOf(v mesh.Validator, served map[string]string) mesh.Validator {
	switch revision := served[v.Revision]; {
	case v.Configuration == "" || v.Revision == "":
		return mesh.Validator{}
	case revision != "":
		v.Revision = revision
	}
	return v
}
