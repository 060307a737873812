// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"errors"
	"fmt"
	"strings"

	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/rerig/rerig/internal/engine"
	"github.com/rerig/rerig/internal/step"
)

// end evicts one pod, and no other that has taken its name since. Where a
// disruption budget holds, the API server says "too many requests", and the same
// may pass at another look.
func (c *Cluster) end(ctx context.Context, change step.Change) error {
	uid := types.UID(change.Expect)
	err := c.core.Pods(change.Namespace).EvictV1(ctx, &policyv1.Eviction{
		ObjectMeta:    metav1.ObjectMeta{Namespace: change.Namespace, Name: change.Name},
		DeleteOptions: &metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &uid}},
	})
	what := fmt.Sprintf("evict pod %s/%s", change.Namespace, change.Name)
	if why := budgeted(err); why != "" {
		return fmt.Errorf("%s: a disruption budget forbids it: %s (%w)", what, why, engine.ErrConflict)
	}
	return writing(what, err)
}

// budgeted is why disruption budgets forbid an eviction, "" when they don't: the
// API server names the one that does, and says of more than one that it cannot
// tell (pkg/registry/core/pod/storage/eviction.go, v1.34).
func budgeted(err error) string {
	var status apierrors.APIStatus
	if !errors.As(err, &status) {
		return ""
	}
	if apierrors.IsInternalError(err) && strings.Contains(err.Error(), "more than one PodDisruptionBudget") {
		return "the pod has more than one of them, and the API server evicts no such pod"
	}
	if !apierrors.IsTooManyRequests(err) {
		return ""
	}
	why := []string{status.Status().Message}
	if details := status.Status().Details; details != nil {
		for _, cause := range details.Causes {
			why = append(why, cause.Message)
		}
	}
	return strings.Join(why, " ")
}
