// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/rerig/rerig/api/v1alpha1"
	"github.com/rerig/rerig/internal/engine"
	"github.com/rerig/rerig/internal/plan/swap"
	"github.com/rerig/rerig/internal/step"
)

// insistence is how often a patch of a pod is tried that its kubelet was quicker
// than: what is expected of the pod is looked for anew each time.
const insistence = 4

// hand patches a pod of a swap that still is as the change expects it.
func (c *Cluster) hand(ctx context.Context, change step.Change) error {
	what, options := fmt.Sprintf("patch pod %s/%s", change.Namespace, change.Name), merging
	if change.DryRun {
		options.DryRun = []string{metav1.DryRunAll}
	}
	var err error
	for range insistence {
		var found *corev1.Pod
		if found, err = c.expected(ctx, what, change); err != nil {
			return err
		}
		var body []byte
		if body, err = c.tied(ctx, found, change); err != nil {
			return err
		}
		_, err = c.core.Pods(change.Namespace).Patch(ctx, change.Name, types.MergePatchType, body, options)
		if !apierrors.IsConflict(err) {
			break
		}
	}
	if change.DryRun && apierrors.IsBadRequest(err) {
		return nil // a webhook that knows no dry run cannot be asked
	}
	return writing(what, err)
}

// expected reads a pod, and fails as disturbed when it is not what the change
// expects.
func (c *Cluster) expected(ctx context.Context, what string, change step.Change) (*corev1.Pod, error) {
	found, err := c.core.Pods(change.Namespace).Get(ctx, change.Name, metav1.GetOptions{})
	if err != nil {
		return nil, writing(what, err)
	}
	if is := swap.Precondition(string(found.UID), swapOf(found)); is != change.Expect || found.DeletionTimestamp != nil {
		return nil, fmt.Errorf("%s: it is %q, not %q: %w", what, is, change.Expect, engine.ErrConflict)
	}
	return found, nil
}

// tied is the patch with the owners that the pod then has, where they change, tied
// to the pod as it was read.
func (c *Cluster) tied(ctx context.Context, found *corev1.Pod, change step.Change) ([]byte, error) {
	owners := slices.DeleteFunc(slices.Clone(found.OwnerReferences), func(r metav1.OwnerReference) bool {
		return r.Kind == v1alpha1.Kind && strings.HasPrefix(r.APIVersion, v1alpha1.Group+"/")
	})
	if change.Ownership == step.OwnedByRun {
		run, err := c.ownership(ctx, change.Owner)
		if err != nil {
			return nil, err
		}
		owners = append(owners, run)
	}
	patch := change.Patch
	if change.Ownership != step.Unchanged && len(owners)+len(found.OwnerReferences) > 0 && !slices.EqualFunc(owners, found.OwnerReferences, same) {
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
	return at(patch, found.ResourceVersion)
}

func same(a, b metav1.OwnerReference) bool { return a.UID == b.UID }

// ownership is a run as an owner: what it owns ends with it, and is controlled by
// nobody.
func (c *Cluster) ownership(ctx context.Context, run string) (metav1.OwnerReference, error) {
	m, err := c.Get(ctx, run)
	if err != nil {
		return metav1.OwnerReference{}, err
	}
	return metav1.OwnerReference{APIVersion: v1alpha1.GroupVersion.String(), Kind: v1alpha1.Kind, Name: m.Name, UID: m.UID}, nil
}

// drop ends a pod that the run has parked, and no other.
func (c *Cluster) drop(ctx context.Context, change step.Change) error {
	what := fmt.Sprintf("end pod %s/%s", change.Namespace, change.Name)
	found, err := c.expected(ctx, what, change)
	if err != nil {
		return err
	}
	return writing(what, c.core.Pods(change.Namespace).Delete(ctx, change.Name, exactly(found)))
}

func exactly(o metav1.Object) metav1.DeleteOptions {
	uid, version := o.GetUID(), o.GetResourceVersion()
	return metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &uid, ResourceVersion: &version}}
}

// makeKeeper makes one. One that is there already is found at the next look.
func (c *Cluster) makeKeeper(ctx context.Context, change step.Change) error {
	what := fmt.Sprintf("make Service %s/%s", change.Namespace, change.Name)
	var service corev1.Service
	if err := json.Unmarshal(change.Patch, &service); err != nil {
		return fmt.Errorf("%s: read it: %w", what, err)
	}
	run, err := c.ownership(ctx, change.Owner)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	service.OwnerReferences = []metav1.OwnerReference{run}
	_, err = c.core.Services(change.Namespace).Create(ctx, &service, metav1.CreateOptions{FieldManager: v1alpha1.FieldManager})
	if apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("%s: %w: %w", what, engine.ErrConflict, err)
	}
	return writing(what, err)
}

// unkeep takes a keeper away that is the workload's.
func (c *Cluster) unkeep(ctx context.Context, change step.Change) error {
	what := fmt.Sprintf("take away Service %s/%s", change.Namespace, change.Name)
	found, err := c.core.Services(change.Namespace).Get(ctx, change.Name, metav1.GetOptions{})
	if err != nil {
		return writing(what, err)
	}
	if of := swap.ReadMark(nil, found.Annotations).Workload; of != change.Expect {
		return fmt.Errorf("%s: it is no keeper of %s: %w", what, change.Expect, engine.ErrConflict)
	}
	return writing(what, c.core.Services(change.Namespace).Delete(ctx, change.Name, exactly(found)))
}
