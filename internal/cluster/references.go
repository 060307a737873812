// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"maps"
	"slices"
	"strings"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/rerig/rerig/internal/cluster/client"
	"github.com/rerig/rerig/internal/cluster/istio"
	"github.com/rerig/rerig/internal/mesh"
)

const byLabel = "label " + mesh.RevisionLabel

// workloadController is on entries that istiod registered or whose health it knows:
// the istiod pod that the entry's proxy is or was last connected to
// (WorkloadControllerAnnotation in pilot/pkg/autoregistration @1.30.3).
const workloadController = "istio.io/workloadController"

// serviceCall says which Service of the root namespace an object calls.
type serviceCall struct{ subject, service string }

// labelReference returns a reference by a label's value.
func labelReference(subject, value, by string) mesh.Reference {
	return mesh.Reference{Subject: subject, Value: value, Through: by + "=" + value}
}

// readReferences lists what refers to a revision besides namespaces and workloads.
func (r *Reader) readReferences(ctx context.Context, o *observation) error {
	if r.scope.RemovingRun == "" {
		return nil
	}
	for _, reads := range []func(context.Context) ([]mesh.Reference, error){
		r.labeledReferences, r.connectedEntries, r.workloadGroups, r.cronJobReferences, r.jobReferences,
	} {
		list, err := reads(ctx)
		if err != nil {
			return err
		}
		o.references = append(o.references, list...)
	}
	return nil
}

func (r *Reader) labeledReferences(ctx context.Context) ([]mesh.Reference, error) {
	var list []mesh.Reference
	for _, k := range istio.References() {
		from := len(list)
		err := client.List(ctx, client.Selected(mesh.RevisionLabel), r.api.Metadata.Resource(k.Resource).List, func() { list = list[:from] },
			func(page *metav1.PartialObjectMetadataList) {
				for _, m := range page.Items {
					list = append(list, labelReference(k.Name+" "+m.Namespace+"/"+m.Name, m.Labels[mesh.RevisionLabel], byLabel))
				}
			})
		if err != nil && !apierrors.IsNotFound(err) {
			return nil, client.ReadError("each "+k.Name+" that refers to a revision", err)
		}
	}
	return list, nil
}

// connectedEntries returns the entries of VMs that were last connected to an
// istiod, whatever their labels: one that is disconnected would connect to it again.
func (r *Reader) connectedEntries(ctx context.Context) ([]mesh.Reference, error) {
	var list []mesh.Reference
	err := client.List(ctx, allObjects, r.api.Metadata.Resource(istio.WorkloadEntry).List, func() { list = nil },
		func(page *metav1.PartialObjectMetadataList) {
			for _, m := range page.Items {
				if pod := m.Annotations[workloadController]; strings.HasPrefix(pod, istio.App) {
					list = append(list, mesh.Reference{
						Subject:  "WorkloadEntry " + m.Namespace + "/" + m.Name,
						Revision: istio.RevisionIn(deploymentOfPod(pod)),
						Through:  "annotation " + workloadController + "=" + pod,
					})
				}
			}
		})
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	return list, client.ReadError("each WorkloadEntry", err)
}

// deploymentOfPod returns the name of the Deployment in the name of its pod.
func deploymentOfPod(pod string) string {
	for range 2 {
		pod = pod[:max(0, strings.LastIndex(pod, "-"))]
	}
	return pod
}

// workloadGroups returns the groups whose entries would get a revision's label.
func (r *Reader) workloadGroups(ctx context.Context) ([]mesh.Reference, error) {
	var list []mesh.Reference
	err := client.List(ctx, allObjects, r.api.Dynamic.Resource(istio.WorkloadGroup).List, func() { list = nil },
		func(page *unstructured.UnstructuredList) {
			for _, g := range page.Items {
				labels, _, _ := unstructured.NestedStringMap(g.Object, "spec", "metadata", "labels")
				if value, ok := labels[mesh.RevisionLabel]; ok {
					list = append(list, labelReference("WorkloadGroup "+g.GetNamespace()+"/"+g.GetName(), value, "its entries' "+byLabel))
				}
			}
		})
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	return list, client.ReadError("WorkloadGroups", err)
}

func (r *Reader) cronJobReferences(ctx context.Context) ([]mesh.Reference, error) {
	var list []mesh.Reference
	err := client.List(ctx, allObjects, r.api.BatchV1().CronJobs("").List, func() { list = nil },
		func(page *batchv1.CronJobList) {
			for _, j := range page.Items {
				if value, ok := j.Spec.JobTemplate.Spec.Template.Labels[mesh.RevisionLabel]; ok {
					list = append(list, labelReference("CronJob "+j.Namespace+"/"+j.Name, value, "its template's "+byLabel))
				}
			}
		})
	return list, client.ReadError("CronJobs", err)
}

// jobReferences returns the Jobs that have not ended: they may create more pods.
func (r *Reader) jobReferences(ctx context.Context) ([]mesh.Reference, error) {
	var list []mesh.Reference
	err := client.List(ctx, allObjects, r.api.BatchV1().Jobs("").List, func() { list = nil },
		func(page *batchv1.JobList) {
			for _, j := range page.Items {
				if value, ok := j.Spec.Template.Labels[mesh.RevisionLabel]; ok && !finished(&j) {
					list = append(list, labelReference("Job "+j.Namespace+"/"+j.Name, value, "its template's "+byLabel))
				}
			}
		})
	return list, client.ReadError("Jobs", err)
}

func finished(j *batchv1.Job) bool {
	return slices.ContainsFunc(j.Status.Conditions, func(c batchv1.JobCondition) bool {
		return (c.Type == batchv1.JobComplete || c.Type == batchv1.JobFailed) && c.Status == corev1.ConditionTrue
	})
}

// readValidators finds the validators that call a control plane's Service, other
// than a revision's own: those of the default.
func (r *Reader) readValidators(ctx context.Context, o *observation) error {
	if r.scope.RemovingRun == "" {
		return nil
	}
	err := client.List(ctx, allObjects, r.api.AdmissionregistrationV1().ValidatingWebhookConfigurations().List, func() { o.calls = nil },
		func(page *admissionv1.ValidatingWebhookConfigurationList) {
			for i := range page.Items {
				v := &page.Items[i]
				own := v.Labels[istio.TagLabel] == "" && strings.HasPrefix(v.Name, "istio-validator")
				for _, h := range v.Webhooks {
					if s := h.ClientConfig.Service; s != nil && s.Namespace == r.root && !own {
						o.calls = append(o.calls, serviceCall{"ValidatingWebhookConfiguration " + v.Name, s.Name})
						break
					}
				}
			}
		})
	return client.ReadError("ValidatingWebhookConfigurations", err)
}

// istiodCall returns the Service of an istiod that the environment of a DaemonSet
// names: CNI and ztunnel have one.
func istiodCall(d *appsv1.DaemonSet, root string) (serviceCall, bool) {
	for _, container := range d.Spec.Template.Spec.Containers {
		for _, e := range container.Env {
			host, _, _ := strings.Cut(e.Value, ":")
			service, rest, _ := strings.Cut(host, ".")
			if strings.HasPrefix(service, istio.App) && strings.HasPrefix(rest, root+".svc") {
				return serviceCall{"DaemonSet " + d.Namespace + "/" + d.Name + ", " + e.Name, service}, true
			}
		}
	}
	return serviceCall{}, false
}

// allReferences adds the references by a Service: of tags and of callers. A
// control plane's own objects are no reference to it.
func (o *observation) allReferences() []mesh.Reference {
	list := slices.Concat(o.references, o.untaggedServices())
	for _, c := range slices.Concat(o.calls, o.daemonSetCalls) {
		revision, ok := o.serviceRevision[c.service]
		if !ok { // it does not exist or has no selector: then its name has the revision
			revision = istio.RevisionIn(c.service)
		}
		list = append(list, mesh.Reference{Subject: c.subject, Revision: revision, Through: "it calls Service " + c.service})
	}
	return slices.DeleteFunc(list, func(c mesh.Reference) bool {
		return slices.ContainsFunc(o.world.Components, func(b mesh.Component) bool { return !b.Shared && b.String() == c.Subject })
	})
}

// untaggedServices returns the Services of tags that no webhook serves. The World
// has no Tag for them, but istiod serves them (GetMyTags in
// pkg/revisions/tag_watcher.go @1.30.3).
func (o *observation) untaggedServices() []mesh.Reference {
	var list []mesh.Reference
	if !o.removes {
		return nil
	}
	for _, tag := range slices.Sorted(maps.Keys(o.tagServices)) {
		if slices.ContainsFunc(o.world.Webhooks, func(h mesh.Webhook) bool { return h.Tag == tag }) {
			continue
		}
		list = append(list, mesh.Reference{
			Subject:  "Service " + o.world.RootNamespace + "/" + istio.TagService + tag,
			Revision: o.tagServices[tag],
			Through:  "it leads the tag " + tag + ", which no webhook serves, to the revision",
		})
	}
	return list
}
