// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"fmt"

	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/rerig/rerig/internal/engine"
	"github.com/rerig/rerig/internal/plan"
)

// end evicts one pod, and no other that has taken its name since. Where a
// disruption budget holds, the API server says "too many requests", and the same
// may pass at another look.
func (c *Cluster) end(ctx context.Context, change plan.Change) error {
	uid := types.UID(change.Expect)
	err := c.core.Pods(change.Namespace).EvictV1(ctx, &policyv1.Eviction{
		ObjectMeta:    metav1.ObjectMeta{Namespace: change.Namespace, Name: change.Name},
		DeleteOptions: &metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &uid}},
	})
	what := fmt.Sprintf("evict pod %s/%s", change.Namespace, change.Name)
	if apierrors.IsTooManyRequests(err) {
		return fmt.Errorf("%s: %w: %w", what, engine.ErrDisturbed, err)
	}
	return writing(what, err)
}
