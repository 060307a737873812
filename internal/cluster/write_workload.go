// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/rerig/rerig/internal/cluster/client"
	"github.com/rerig/rerig/internal/engine"
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// conflictRetries is how often a patch is repeated because another controller wrote
// the object between the read and the patch. Each time the object is read again and
// compared with what the change expects.
const conflictRetries = 4

// patched are the kinds of workloads that a run patches. Rollouts and other
// projects' kinds are known by the apiVersion of the change.
var patched = map[mesh.Kind]schema.GroupVersionResource{
	mesh.Deployment:  {Group: "apps", Version: "v1", Resource: "deployments"},
	mesh.StatefulSet: {Group: "apps", Version: "v1", Resource: "statefulsets"},
	mesh.DaemonSet:   {Group: "apps", Version: "v1", Resource: "daemonsets"},
	mesh.ReplicaSet:  {Group: "apps", Version: "v1", Resource: "replicasets"},
	mesh.CronJob:     {Group: "batch", Version: "v1", Resource: "cronjobs"},
}

// patchWorkload patches a workload: its restart annotations, its template's label or
// a field. The patch has these keys alone. If the change expects a template, the
// patch is made only if the workload still has it.
func (w *Writer) patchWorkload(ctx context.Context, change step.Change) error {
	what := fmt.Sprintf("restart %s %s/%s", change.Kind, change.Namespace, change.Name)
	resource, known := patched[mesh.Kind(change.Kind)]
	if !known && change.API == "" {
		return fmt.Errorf("patch %s %s/%s: Rerig does not patch this kind", change.Kind, change.Namespace, change.Name)
	}
	if change.API != "" {
		var err error
		if resource, err = w.api.ResourceOf(ctx, kindOf(change.API, change.Kind)); err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
	}
	objects := w.api.Dynamic.Resource(resource).Namespace(change.Namespace)
	var err error
	for range conflictRetries {
		patch := []byte(change.Patch)
		if change.Expect != "" {
			if patch, err = w.expectTemplate(ctx, what, change); err != nil {
				return err
			}
		}
		_, err = objects.Patch(ctx, change.Name, types.MergePatchType, patch, client.Patching)
		if change.Expect == "" || !apierrors.IsConflict(err) {
			break
		}
	}
	return client.WriteError(what, err)
}

// expectTemplate returns the patch with the resource version of the workload. It
// returns engine.ErrConflict if the workload has another template than expected.
func (w *Writer) expectTemplate(ctx context.Context, what string, change step.Change) ([]byte, error) {
	hash, version, err := w.observedTemplate(ctx, change)
	if err != nil {
		return nil, client.WriteError(what, err)
	}
	if hash != change.Expect {
		return nil, fmt.Errorf("%s: its template changed since it was observed: %w", what, engine.ErrConflict)
	}
	patch, err := client.WithVersion(change.Patch, version)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	return patch, nil
}

// observedTemplate returns the digest of a workload's template, as a World has it,
// and the resource version of the workload. It lists by name: who observes the mesh
// may do that.
func (w *Writer) observedTemplate(ctx context.Context, change step.Change) (hash, version string, err error) {
	one := client.Named(change.Name)
	switch kind := mesh.Kind(change.Kind); {
	case kind == mesh.Deployment && change.API == "":
		list, err := w.api.AppsV1().Deployments(change.Namespace).List(ctx, one)
		return first(change, err, list.Items, func(d *appsv1.Deployment) *corev1.PodTemplateSpec { return &d.Spec.Template })
	case kind == mesh.StatefulSet && change.API == "":
		list, err := w.api.AppsV1().StatefulSets(change.Namespace).List(ctx, one)
		return first(change, err, list.Items, func(s *appsv1.StatefulSet) *corev1.PodTemplateSpec { return &s.Spec.Template })
	case kind == mesh.DaemonSet && change.API == "":
		list, err := w.api.AppsV1().DaemonSets(change.Namespace).List(ctx, one)
		return first(change, err, list.Items, func(d *appsv1.DaemonSet) *corev1.PodTemplateSpec { return &d.Spec.Template })
	case kind == mesh.ReplicaSet && change.API == "":
		list, err := w.api.AppsV1().ReplicaSets(change.Namespace).List(ctx, one)
		return first(change, err, list.Items, func(s *appsv1.ReplicaSet) *corev1.PodTemplateSpec { return &s.Spec.Template })
	case kind == mesh.CronJob && change.API == "":
		list, err := w.api.BatchV1().CronJobs(change.Namespace).List(ctx, one)
		return first(change, err, list.Items, func(j *batchv1.CronJob) *corev1.PodTemplateSpec { return &j.Spec.JobTemplate.Spec.Template })
	case kind == mesh.ArgoRollout:
		return w.observedRollout(ctx, change, one)
	}
	return w.observedCustom(ctx, change, one)
}

// first returns the digest and the resource version of the object that was listed by
// its name.
func first[T any, O interface {
	*T
	metav1.Object
}](change step.Change, err error, items []T, template func(O) *corev1.PodTemplateSpec) (hash, version string, _ error) {
	if err == nil && len(items) == 0 {
		err = notFound(change)
	}
	if err != nil {
		return "", "", err
	}
	o := O(&items[0])
	return hashOf(template(o)), o.GetResourceVersion(), nil
}

// observedRollout does the same for a Rollout, whose digest has the time of its
// restart, and the digest of the template that it uses.
func (w *Writer) observedRollout(ctx context.Context, change step.Change, one metav1.ListOptions) (hash, version string, err error) {
	page, err := client.JSONPages[argoRollout](w.api, "/apis", argoAPI, "namespaces", change.Namespace, "rollouts")(ctx, one)
	if err == nil && len(page.Items) == 0 {
		err = notFound(change)
	}
	if err != nil {
		return "", "", err
	}
	found := rolloutOf(&page.Items[0], w.now())
	if found.templateFrom != "" {
		list, err := w.api.AppsV1().Deployments(change.Namespace).List(ctx, client.Named(found.templateFrom.Name()))
		if err != nil {
			return "", "", err
		}
		for i := range list.Items {
			found = readings{deployments: []controller{deployment(&list.Items[i])}}.withTemplate(found, nil)
		}
	}
	return found.Template.Hash, page.Items[0].ResourceVersion, nil
}

// observedCustom does the same for another project's kind, of which only the restart
// annotations are known.
func (w *Writer) observedCustom(ctx context.Context, change step.Change, one metav1.ListOptions) (hash, version string, err error) {
	resource, err := w.api.ResourceOf(ctx, kindOf(change.API, change.Kind))
	if err != nil {
		return "", "", err
	}
	page, err := client.JSONPages[customObject](w.api, client.PathIn(resource, change.Namespace)...)(ctx, one)
	if err == nil && len(page.Items) == 0 {
		err = notFound(change)
	}
	if err != nil {
		return "", "", err
	}
	if at := restartAnnotations(page.Items[0].Annotations).At; !at.IsZero() {
		hash = at.Format(time.RFC3339)
	}
	return hash, page.Items[0].ResourceVersion, nil
}

func notFound(change step.Change) error {
	return apierrors.NewNotFound(schema.GroupResource{Resource: change.Kind}, change.Name)
}
