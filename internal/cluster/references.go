// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

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
type serviceCall struct {
	subject, service string
	entries          []int // the webhooks of a configuration that call the Service by its name
}

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

// calledBy returns the Services of the root namespace that the environment of a
// DaemonSet names: CNI and ztunnel name that of an istiod.
func calledBy(d *appsv1.DaemonSet, root string) []serviceCall {
	var list []serviceCall
	for _, container := range d.Spec.Template.Spec.Containers {
		for _, e := range container.Env {
			if service := serviceOf(e.Value, root); service != "" {
				list = append(list, serviceCall{subject: "DaemonSet " + d.Namespace + "/" + d.Name + ", " + e.Name, service: service})
			}
		}
	}
	return list
}

// serviceOf returns the name of the Service in an address, "" if the address is none of
// a Service in the root namespace.
func serviceOf(address, root string) string {
	host, _, _ := strings.Cut(address, ":")
	service, rest, _ := strings.Cut(host, ".")
	if rest != root && !strings.HasPrefix(rest, root+".svc") {
		return ""
	}
	return service
}

// revisionBehind returns the revision whose istiods a Service of the root namespace
// leads to, "" if it leads to none. The name of one that does not exist, or selects no
// pods, has the revision.
func (o *observation) revisionBehind(service string) string {
	revision, known := o.serviceRevision[service]
	switch {
	case known:
		return revision
	case service == istio.App || strings.HasPrefix(service, istio.App+"-"):
		return istio.RevisionIn(service)
	}
	return ""
}

// allReferences adds the references by a Service: of tags and of callers. A
// control plane's own objects are no reference to it.
func (o *observation) allReferences() []mesh.Reference {
	list := slices.Concat(o.references, o.untaggedServices())
	for _, c := range slices.Concat(o.webhookCallers(), o.daemonSetCalls) {
		if revision := o.revisionBehind(c.service); revision != "" {
			list = append(list, mesh.Reference{
				Subject:  c.subject,
				Revision: revision,
				Through:  "it calls Service " + c.service,
				Tag:      tagOfService(c.service),
				Webhooks: c.entries,
			})
		}
	}
	return slices.DeleteFunc(list, func(c mesh.Reference) bool {
		own := func(b mesh.Component) bool {
			return !b.Shared && b.Revision == cmp.Or(c.Revision, c.Value) && b.String() == c.Subject
		}
		return c.Value != "" && o.inOtherMesh(c.Subject) || slices.ContainsFunc(o.world.Components, own)
	})
}

// inOtherMesh reports whether an object, "Gateway team-b/web", is in a namespace of another
// mesh: a label there names a revision or a tag of that mesh.
func (o *observation) inOtherMesh(subject string) bool {
	_, name, _ := strings.Cut(subject, " ")
	namespace, _, _ := strings.Cut(name, "/")
	return slices.ContainsFunc(o.world.Namespaces, func(n mesh.Namespace) bool { return n.Name == namespace && n.Mesh != "" })
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
