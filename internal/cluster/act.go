// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"errors"
	"fmt"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/rerig/rerig/api/v1alpha1"
	"github.com/rerig/rerig/internal/engine"
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// Write carries out one change. Every write but an installer's leaves here, under
// the field manager rerig.
func (c *Cluster) Write(ctx context.Context, change step.Change) error {
	switch {
	case change.Verb == step.Apply && change.Kind == "CustomResourceDefinition":
		return c.define(ctx)
	case change.Verb == step.InstallRevision && c.Installer != nil:
		return c.Installer.Install(ctx, change.Name, change.Version)
	case change.Verb == step.InstallRevision:
		return step.Fault{What: fmt.Sprintf("install revision %s: no installer was readied", change.Name)}
	case change.Verb == step.CreateTrial && change.Trial != nil:
		return c.launch(ctx, change)
	case change.Verb == step.ScheduleTrial:
		return c.ungate(ctx, change)
	case change.Verb == step.ServeTrial || change.Verb == step.StopTrialService:
		return c.serve(ctx, change)
	case change.Verb == step.Delete && change.Kind == "Pod":
		return c.deletePod(ctx, change)
	case change.Verb == step.SaveCopy:
		return c.keep(ctx, change)
	case change.Verb == step.Delete:
		return c.delete(ctx, change)
	case change.Verb == step.RestoreRevision:
		return c.restore(ctx, change.Name)
	case change.Verb == step.EvictPod:
		return c.end(ctx, change)
	case change.Verb == step.PointTag:
		return c.retag(ctx, change)
	case change.Verb == step.Create && change.Kind == "Service":
		return c.makeKeeper(ctx, change)
	case change.Verb == step.DeleteKept && change.Kind == "Service":
		return c.unkeep(ctx, change)
	case change.Verb == step.DeleteKept && change.Kind == "Pod":
		return c.drop(ctx, change)
	case change.Verb == step.Patch && change.Kind == "Pod":
		return c.hand(ctx, change)
	case change.Verb == step.Patch && change.Kind == "Namespace":
		return c.relabel(ctx, change)
	case change.Verb == step.Patch:
		return c.restart(ctx, change)
	}
	return step.Fault{What: fmt.Sprintf("%s %s %s: this change is not known", change.Verb, change.Kind, change.Name)}
}

var merging = metav1.PatchOptions{FieldManager: v1alpha1.FieldManager}

// relabel patches a namespace that still is as the change expects it. The
// resource version in the patch makes the API server see to it that it stays so
// until the write.
func (c *Cluster) relabel(ctx context.Context, change step.Change) error {
	what := "label namespace " + change.Name
	found, err := c.core.Namespaces().Get(ctx, change.Name, metav1.GetOptions{})
	if err != nil {
		return writing(what, err)
	}
	binding := mesh.Namespace{Name: found.Name, Labels: found.Labels}.Binding().String()
	if binding != change.Expect {
		return fmt.Errorf("%s: it bears %s, not %s: %w", what, binding, change.Expect, engine.ErrConflict)
	}
	patch, err := at(change.Patch, found.ResourceVersion)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	_, err = c.core.Namespaces().Patch(ctx, change.Name, types.MergePatchType, patch, merging)
	return writing(what, err)
}

// restart patches a workload's template. It touches only the keys of the stamp,
// so that nobody else's change to the workload is in its way.
func (c *Cluster) restart(ctx context.Context, change step.Change) error {
	if change.API != "" {
		return c.restartForeign(ctx, change)
	}
	var err error
	switch mesh.Kind(change.Kind) {
	case mesh.Deployment:
		_, err = c.apps.Deployments(change.Namespace).Patch(ctx, change.Name, types.MergePatchType, change.Patch, merging)
	case mesh.StatefulSet:
		_, err = c.apps.StatefulSets(change.Namespace).Patch(ctx, change.Name, types.MergePatchType, change.Patch, merging)
	case mesh.ReplicaSet:
		_, err = c.apps.ReplicaSets(change.Namespace).Patch(ctx, change.Name, types.MergePatchType, change.Patch, merging)
	case mesh.CronJob:
		_, err = c.batch.CronJobs(change.Namespace).Patch(ctx, change.Name, types.MergePatchType, change.Patch, merging)
	case mesh.DaemonSet:
		_, err = c.apps.DaemonSets(change.Namespace).Patch(ctx, change.Name, types.MergePatchType, change.Patch, merging)
	default:
		return fmt.Errorf("patch %s %s/%s: this kind is not ours to patch", change.Kind, change.Namespace, change.Name)
	}
	return writing(fmt.Sprintf("restart %s %s/%s", change.Kind, change.Namespace, change.Name), err)
}

// restartForeign patches an object of a kind that is not Kubernetes' own.
func (c *Cluster) restartForeign(ctx context.Context, change step.Change) error {
	what := fmt.Sprintf("restart %s %s/%s", change.Kind, change.Namespace, change.Name)
	path, err := c.pathOf(ctx, change.API, change.Kind)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	path = append(slices.Clone(path[:len(path)-1]), "namespaces", change.Namespace, path[len(path)-1], change.Name)
	return writing(what, c.plain.Patch(types.MergePatchType).AbsPath(path...).Param("fieldManager", v1alpha1.FieldManager).Body([]byte(change.Patch)).Do(ctx).Error())
}

// writing tells a write that came too late from one that will never pass, and
// both from one that may be tried again.
func writing(what string, err error) error {
	switch {
	case err == nil:
		return nil
	case apierrors.IsConflict(err) || apierrors.IsNotFound(err):
		return fmt.Errorf("%s: %w: %w", what, engine.ErrConflict, err)
	case refused(err):
		return fmt.Errorf("%s: %w: %w", what, engine.ErrRefused, brief(err))
	}
	return fmt.Errorf("%s: %w", what, err)
}

// refused reports whether the API server will say no however often it is asked.
func refused(err error) bool {
	var status apierrors.APIStatus
	return apierrors.IsForbidden(err) || apierrors.IsUnauthorized(err) || apierrors.IsInvalid(err) || apierrors.IsBadRequest(err) ||
		apierrors.IsRequestEntityTooLargeError(err) || (errors.As(err, &status) && status.Status().Code == 405)
}
