// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/rerig/rerig/internal/mesh"
)

// chosen are the kinds whose label istio.io/rev chooses a control plane, by
// their resource: Gateways of the Gateway API, and what stands for VMs.
var chosen = map[string]schema.GroupVersionResource{
	"Gateway":       {Group: "gateway.networking.k8s.io", Version: "v1", Resource: "gateways"},
	"WorkloadEntry": {Group: "networking.istio.io", Version: "v1alpha3", Resource: "workloadentries"},
	"WorkloadGroup": {Group: "networking.istio.io", Version: "v1alpha3", Resource: "workloadgroups"},
	"ServiceEntry":  {Group: "networking.istio.io", Version: "v1alpha3", Resource: "serviceentries"},
}

const byLabel = "label " + mesh.RevisionLabel

// readClaims lists what names a revision beside namespaces and workloads.
func (c *Cluster) readClaims(ctx context.Context, l *look) error {
	if c.Removing == "" {
		return nil
	}
	l.claimed = true
	claim := func(subject, value, by string) {
		l.claims = append(l.claims, mesh.Reference{Subject: subject, Value: value, Through: by + "=" + value})
	}
	for _, k := range claimants() {
		err := pages(ctx, metav1.ListOptions{LabelSelector: mesh.RevisionLabel}, c.metadata.Resource(k.resource).List, func(page *metav1.PartialObjectMetadataList) {
			for _, o := range page.Items {
				claim(k.kind+" "+o.Namespace+"/"+o.Name, o.Labels[mesh.RevisionLabel], byLabel)
			}
		})
		if err != nil && !apierrors.IsNotFound(err) {
			return reading("each "+k.kind+" that names a revision", err)
		}
	}
	if err := c.readEntries(ctx, l); err != nil {
		return err
	}
	err := pages(ctx, metav1.ListOptions{}, c.objects.Resource(chosen["WorkloadGroup"]).List, func(page *unstructured.UnstructuredList) {
		for _, o := range page.Items {
			labels, _, _ := unstructured.NestedStringMap(o.Object, "spec", "metadata", "labels")
			if value, ok := labels[mesh.RevisionLabel]; ok {
				claim("WorkloadGroup "+o.GetNamespace()+"/"+o.GetName(), value, "its entries' "+byLabel)
			}
		}
	})
	if err != nil && !apierrors.IsNotFound(err) {
		return reading("WorkloadGroups", err)
	}
	return c.readSchedules(ctx, claim)
}

// untagged are the Services of tags that no webhook serves: no Tag of the World
// tells of them, and istiod goes by them all the same (GetMyTags in
// pkg/revisions/tag_watcher.go @1.30.3).
func (l *look) untagged() []mesh.Reference {
	var list []mesh.Reference
	for _, tag := range slices.Sorted(maps.Keys(l.tagged)) {
		served := slices.ContainsFunc(l.world.Webhooks, func(h mesh.Webhook) bool { return h.Tag == tag })
		if !served && l.claimed {
			list = append(list, mesh.Reference{Subject: "Service " + l.world.RootNamespace + "/istiod-revision-tag-" + tag, Revision: l.tagged[tag], Through: "it leads the tag " + tag + ", which no webhook serves, to the revision"})
		}
	}
	return list
}

// readSchedules looks at what makes pods later: CronJobs, and Jobs that have not
// ended.
func (c *Cluster) readSchedules(ctx context.Context, claim func(subject, value, by string)) error {
	err := pages(ctx, metav1.ListOptions{}, c.batch.CronJobs("").List, func(page *batchv1.CronJobList) {
		for _, j := range page.Items {
			if value, ok := j.Spec.JobTemplate.Spec.Template.Labels[mesh.RevisionLabel]; ok {
				claim("CronJob "+j.Namespace+"/"+j.Name, value, "its template's "+byLabel)
			}
		}
	})
	if err != nil {
		return reading("CronJobs", err)
	}
	return reading("Jobs", pages(ctx, metav1.ListOptions{}, c.batch.Jobs("").List, func(page *batchv1.JobList) {
		for _, j := range page.Items {
			if value, ok := j.Spec.Template.Labels[mesh.RevisionLabel]; ok && !finished(&j) {
				claim("Job "+j.Namespace+"/"+j.Name, value, "its template's "+byLabel)
			}
		}
	}))
}

func finished(j *batchv1.Job) bool {
	for _, condition := range j.Status.Conditions {
		if (condition.Type == batchv1.JobComplete || condition.Type == batchv1.JobFailed) && condition.Status == corev1.ConditionTrue {
			return true
		}
	}
	return false
}

// readValidators finds the validators that call a control plane's Service, other
// than a revision's own: the second half of the default.
func (c *Cluster) readValidators(ctx context.Context, l *look) error {
	if c.Removing == "" {
		return nil
	}
	return reading("ValidatingWebhookConfigurations", pages(ctx, metav1.ListOptions{}, c.admission.ValidatingWebhookConfigurations().List,
		func(page *admissionv1.ValidatingWebhookConfigurationList) {
			for i := range page.Items {
				v := &page.Items[i]
				own := v.Labels[tagLabel] == "" && strings.HasPrefix(v.Name, "istio-validator")
				for _, h := range v.Webhooks {
					if s := h.ClientConfig.Service; s != nil && s.Namespace == c.Root && !own {
						l.called = append(l.called, call{"ValidatingWebhookConfiguration " + v.Name, s.Name})
						break
					}
				}
			}
		}))
}

// call says which Service of the root namespace an object leads to.
type call struct{ subject, service string }

// claimsOf resolves the Services that were called to the revisions behind them.
// What is of a control plane's own is no claim on it.
func (l *look) claimsOf() []mesh.Reference {
	list := slices.Concat(l.claims, l.untagged())
	for _, c := range slices.Concat(l.called, l.pointed) {
		revision, ok := l.behind[c.service]
		if !ok { // gone, or without a selector: then its name has to do
			revision = revisionIn(c.service)
		}
		list = append(list, mesh.Reference{Subject: c.subject, Revision: revision, Through: "it calls Service " + c.service})
	}
	return slices.DeleteFunc(list, func(c mesh.Reference) bool {
		return slices.ContainsFunc(l.world.Components, func(b mesh.Component) bool { return !b.Shared && b.String() == c.Subject })
	})
}

// revisionIn reads the revision off the name of an istiod's Service or Deployment.
func revisionIn(name string) string {
	return cmp.Or(strings.TrimPrefix(strings.TrimPrefix(name, istiodApp), "-"), unrevisioned)
}

// pointing finds the Services of istiods that the environment of a DaemonSet
// names: those of CNI and ztunnel.
func (l *look) pointing(subject, root string, s *corev1.PodSpec) {
	for _, container := range s.Containers {
		for _, e := range container.Env {
			host, _, _ := strings.Cut(e.Value, ":")
			service, rest, _ := strings.Cut(host, ".")
			if strings.HasPrefix(service, istiodApp) && strings.HasPrefix(rest, root+".svc") {
				l.pointed = append(l.pointed, call{subject + ", " + e.Name, service})
				return
			}
		}
	}
}
