// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// Needed are the permissions that a command needs here: Observing, and where it
// writes Acting as well; for a removal what that takes beside them. Those on the
// definition are left out where it is served already: whoever runs upgrades need
// not be permitted to define resources. Those on Argo's Rollouts are left out where
// there are none.
func (c *Cluster) Needed(ctx context.Context, writes bool) ([]Permission, error) {
	all := c.Observing()
	if c.Removing != "" {
		all = append(all, c.SeeingRemovals()...)
	}
	if writes {
		all = append(all, c.Acting()...)
	}
	if writes && c.Removing != "" {
		all = append(all, c.TakingAway()...)
	}
	argo, err := c.serves(ctx, argoAPI)
	if argo {
		all = append(all, c.Rolling(writes)...)
	}
	if !writes || err != nil {
		return all, err
	}
	there, err := c.defined(ctx)
	if !there || err != nil {
		return all, err
	}
	return slices.DeleteFunc(all, func(p Permission) bool { return p.Resource == definitions }), nil
}

// serves asks discovery, which every user may, whether a version of an API is
// served.
func (c *Cluster) serves(ctx context.Context, api string) (bool, error) {
	err := c.plain.Get().AbsPath("/apis", api).Do(ctx).Error()
	if apierrors.IsNotFound(err) {
		return false, nil
	}
	return err == nil, reading("the API "+api, err)
}
