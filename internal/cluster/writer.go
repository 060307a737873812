// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/rerig/rerig/internal/cluster/client"
	"github.com/rerig/rerig/internal/cluster/gatewayapi"
	"github.com/rerig/rerig/internal/cluster/rendered"
	"github.com/rerig/rerig/internal/engine"
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// Writer changes the mesh. Every write but an installer's is made by it, under the
// field manager rerig.
type Writer struct {
	shared
	scope     Scope
	installer Installer
}

// NewWriter returns a writer for a run of this scope. installer may be nil for a run
// that installs nothing.
func NewWriter(c *Cluster, s Scope, installer Installer) *Writer {
	return &Writer{shared: c.shared, scope: s, installer: installer}
}

// ofGateways are the verbs of changes of gateways that istiod deploys.
var ofGateways = []step.Verb{step.Freeze, step.Unfreeze, step.CreateShadow, step.CopyTemplate, step.DeleteShadow}

// Write makes one change. It returns engine.ErrConflict, and writes nothing, where
// the cluster is not as the change expects.
func (w *Writer) Write(ctx context.Context, change step.Change) error {
	_, keeper := keepers[change.Kind]
	pod := change.Kind == "Pod"
	switch {
	case change.Verb == step.Apply && change.Kind == "CustomResourceDefinition":
		return w.records.Define(ctx)
	case change.Verb == step.InstallRevision && w.installer != nil:
		return w.installer.Install(ctx, change.Name, change.Version, change.Rendered)
	case change.Verb == step.InstallRevision:
		return step.Fault{What: fmt.Sprintf("install revision %s: the run has no installer", change.Name)}
	case change.Verb == step.UpgradeRelease && w.releases != nil:
		return w.releases.Upgrade(ctx, change)
	case change.Verb == step.CreateTrial && change.Trial != nil:
		return w.createTrial(ctx, change)
	case change.Verb == step.ScheduleTrial:
		return w.ungateTrial(ctx, change)
	case change.Verb == step.ServeTrial || change.Verb == step.StopTrialService:
		return w.setTrialServing(ctx, change)
	case change.Verb == step.Delete && pod:
		return w.deletePod(ctx, change)
	case change.Verb == step.SaveCopy:
		return w.saveCopy(ctx, change)
	case change.Verb == step.Delete:
		return w.deleteComponent(ctx, change)
	case change.Verb == step.RestoreRevision:
		return w.restore(ctx, change.Name)
	case change.Verb == step.EvictPod:
		return w.evict(ctx, change)
	case change.Verb == step.PointTag:
		return w.moveTag(ctx, change)
	case slices.Contains(ofGateways, change.Verb):
		return gatewayapi.NewWriter(w.api, w.records.Owner).Write(ctx, change)
	case slices.Contains(rendered.Verbs, change.Verb):
		return w.rendered().Write(ctx, change)
	case change.Verb == step.Create && keeper:
		return w.createKeeper(ctx, change)
	case change.Verb == step.DeleteParkedPod && keeper:
		return w.deleteKeeper(ctx, change)
	case change.Verb == step.DeleteParkedPod && pod:
		return w.deleteParked(ctx, change)
	case pod && (change.Verb == step.CloseConnections || change.Verb == step.KeepConnections):
		return w.setConnections(ctx, change)
	case change.Verb == step.Patch && pod:
		return w.patchPod(ctx, change)
	case change.Verb == step.Patch && change.Kind == "Namespace":
		return w.label(ctx, change)
	case change.Verb == step.Patch:
		return w.patchWorkload(ctx, change)
	}
	return step.Fault{What: fmt.Sprintf("%s %s %s: this change is not known", change.Verb, change.Kind, change.Name)}
}

// rendered returns the writer of gateways that istioctl installed.
func (w *Writer) rendered() *rendered.Writer {
	return rendered.NewWriter(rendered.Parts{API: w.api, Owner: w.records.Owner, Digest: hashOf, Templates: w.scope.Templates})
}

// label patches a namespace whose binding is the one that the change expects. The
// resource version in the patch makes the API server check that it does not change
// in between.
func (w *Writer) label(ctx context.Context, change step.Change) error {
	what := "label namespace " + change.Name
	found, err := w.api.CoreV1().Namespaces().Get(ctx, change.Name, metav1.GetOptions{})
	if err != nil {
		return client.WriteError(what, err)
	}
	binding := mesh.Namespace{Name: found.Name, Labels: found.Labels}.Binding().String()
	if binding != change.Expect {
		return fmt.Errorf("%s: its labels are %s, not %s: %w", what, binding, change.Expect, engine.ErrConflict)
	}
	patch, err := client.WithVersion(change.Patch, found.ResourceVersion)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	_, err = w.api.CoreV1().Namespaces().Patch(ctx, change.Name, types.MergePatchType, patch, client.Patching)
	return client.WriteError(what, err)
}

// evict evicts one pod by its UID. Where a disruption budget forbids it, it returns
// engine.ErrConflict: it may pass later.
func (w *Writer) evict(ctx context.Context, change step.Change) error {
	err := w.api.CoreV1().Pods(change.Namespace).EvictV1(ctx, &policyv1.Eviction{
		ObjectMeta:    metav1.ObjectMeta{Namespace: change.Namespace, Name: change.Name},
		DeleteOptions: &metav1.DeleteOptions{Preconditions: metav1.NewUIDPreconditions(change.Expect)},
	})
	what := fmt.Sprintf("evict pod %s/%s", change.Namespace, change.Name)
	if reason := forbiddenByBudget(err); reason != "" {
		return fmt.Errorf("%s: a disruption budget forbids it: %s (%w)", what, reason, engine.ErrConflict)
	}
	return client.WriteError(what, err)
}

// forbiddenByBudget returns why disruption budgets forbid an eviction, "" if they do
// not. The API server names the budget, or says that it cannot tell where there is
// more than one (pkg/registry/core/pod/storage/eviction.go, v1.34).
func forbiddenByBudget(err error) string {
	var status apierrors.APIStatus
	if !errors.As(err, &status) {
		return ""
	}
	if apierrors.IsInternalError(err) && strings.Contains(err.Error(), "more than one PodDisruptionBudget") {
		return "more than one budget selects the pod, and the API server evicts no such pod"
	}
	if !apierrors.IsTooManyRequests(err) {
		return ""
	}
	reasons := []string{status.Status().Message}
	if details := status.Status().Details; details != nil {
		for _, cause := range details.Causes {
			reasons = append(reasons, cause.Message)
		}
	}
	return strings.Join(reasons, " ")
}

// deletePod deletes one pod of the run by its UID.
func (w *Writer) deletePod(ctx context.Context, change step.Change) error {
	options := metav1.DeleteOptions{Preconditions: metav1.NewUIDPreconditions(change.Expect)}
	err := w.api.CoreV1().Pods(change.Namespace).Delete(ctx, change.Name, options)
	return client.WriteError(fmt.Sprintf("delete pod %s/%s", change.Namespace, change.Name), err)
}
