// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/rerig/rerig/internal/cluster/client"
	"github.com/rerig/rerig/internal/cluster/istio"
	"github.com/rerig/rerig/internal/cluster/record"
	"github.com/rerig/rerig/internal/engine"
	"github.com/rerig/rerig/internal/plan/swap"
	"github.com/rerig/rerig/internal/step"
)

// patchPod patches a pod of a swap that still is as the change expects.
func (w *Writer) patchPod(ctx context.Context, change step.Change) error {
	what, options := fmt.Sprintf("patch pod %s/%s", change.Namespace, change.Name), client.Patching
	if change.DryRun {
		options.DryRun = []string{metav1.DryRunAll}
	}
	var err error
	for range conflictRetries { // its kubelet may write it in between
		var found *corev1.Pod
		if found, err = w.expectedPod(ctx, what, change); err != nil {
			return err
		}
		var body []byte
		if body, err = w.withOwners(ctx, found, change); err != nil {
			return err
		}
		_, err = w.api.CoreV1().Pods(change.Namespace).Patch(ctx, change.Name, types.MergePatchType, body, options)
		if !apierrors.IsConflict(err) {
			break
		}
	}
	if change.DryRun && apierrors.IsBadRequest(err) {
		return nil // a webhook that does not support dry runs cannot be asked
	}
	return client.WriteError(what, err)
}

// expectedPod reads a pod. It returns engine.ErrConflict if the pod is not what the
// change expects.
func (w *Writer) expectedPod(ctx context.Context, what string, change step.Change) (*corev1.Pod, error) {
	found, err := w.api.CoreV1().Pods(change.Namespace).Get(ctx, change.Name, metav1.GetOptions{})
	if err != nil {
		return nil, client.WriteError(what, err)
	}
	if is := swap.Precondition(string(found.UID), swapOf(found)); is != change.Expect || found.DeletionTimestamp != nil {
		return nil, fmt.Errorf("%s: it is %q, not %q: %w", what, is, change.Expect, engine.ErrConflict)
	}
	return found, nil
}

// withOwners returns the patch with the pod's new owners, if they change, and with
// the resource version of the pod.
func (w *Writer) withOwners(ctx context.Context, found *corev1.Pod, change step.Change) ([]byte, error) {
	owners := slices.DeleteFunc(slices.Clone(found.OwnerReferences), record.IsOwner)
	if change.Ownership == step.OwnedByRun {
		run, err := w.records.Owner(ctx, change.Owner)
		if err != nil {
			return nil, err
		}
		owners = append(owners, run)
	}
	patch := change.Patch
	changes := len(owners)+len(found.OwnerReferences) > 0 && !slices.EqualFunc(owners, found.OwnerReferences, sameOwner)
	if change.Ownership != step.Unchanged && changes {
		body := map[string]map[string]any{}
		if err := json.Unmarshal(patch, &body); err != nil {
			return nil, fmt.Errorf("read the patch of pod %s: %w", change.Name, err)
		}
		body["metadata"]["ownerReferences"] = owners
		var err error
		if patch, err = json.Marshal(body); err != nil {
			return nil, fmt.Errorf("write the patch of pod %s: %w", change.Name, err)
		}
	}
	return client.WithVersion(patch, found.ResourceVersion)
}

func sameOwner(a, b metav1.OwnerReference) bool { return a.UID == b.UID }

// deleteParked deletes a pod that the run has parked.
func (w *Writer) deleteParked(ctx context.Context, change step.Change) error {
	what := fmt.Sprintf("delete parked pod %s/%s", change.Namespace, change.Name)
	found, err := w.expectedPod(ctx, what, change)
	if err != nil {
		return err
	}
	return client.WriteError(what, w.api.CoreV1().Pods(change.Namespace).Delete(ctx, change.Name, client.SameObject(found)))
}

// setConnections has a parked gateway's proxy ask its clients to close their
// connections, or keep them again.
func (w *Writer) setConnections(ctx context.Context, change step.Change) error {
	what := fmt.Sprintf("%s of pod %s/%s", change.Verb, change.Namespace, change.Name)
	if _, err := w.expectedPod(ctx, what, change); err != nil {
		return err
	}
	return w.proxies.SetDraining(ctx, change.Namespace, change.Name, change.Verb == step.CloseConnections)
}

// keepers are the resources of keepers, by their kinds.
var keepers = map[string]schema.GroupVersionResource{
	"Service":      {Version: "v1", Resource: "services"},
	"ServiceEntry": istio.ServiceEntries, // of a gateway that istiod deploys
}

// createKeeper creates the keeper of a workload. If it exists the next observation
// finds it.
func (w *Writer) createKeeper(ctx context.Context, change step.Change) error {
	what := fmt.Sprintf("create %s %s/%s", change.Kind, change.Namespace, change.Name)
	keeper := &unstructured.Unstructured{}
	if err := json.Unmarshal(change.Patch, keeper); err != nil {
		return fmt.Errorf("%s: read it: %w", what, err)
	}
	run, err := w.records.Owner(ctx, change.Owner)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	keeper.SetOwnerReferences([]metav1.OwnerReference{run})
	_, err = w.api.Dynamic.Resource(keepers[change.Kind]).Namespace(change.Namespace).Create(ctx, keeper, client.Creating)
	if apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("%s: %w: %w", what, engine.ErrConflict, err)
	}
	return client.WriteError(what, err)
}

// deleteKeeper deletes the keeper of a workload.
func (w *Writer) deleteKeeper(ctx context.Context, change step.Change) error {
	what := fmt.Sprintf("delete %s %s/%s", change.Kind, change.Namespace, change.Name)
	objects := w.api.Dynamic.Resource(keepers[change.Kind]).Namespace(change.Namespace)
	found, err := objects.Get(ctx, change.Name, metav1.GetOptions{})
	if err != nil {
		return client.WriteError(what, err)
	}
	if of := swap.ReadMark(nil, found.GetAnnotations()).Workload; string(of) != change.Expect {
		return fmt.Errorf("%s: it is not the keeper of %s: %w", what, change.Expect, engine.ErrConflict)
	}
	return client.WriteError(what, objects.Delete(ctx, change.Name, client.SameObject(found)))
}
