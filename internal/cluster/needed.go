// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"slices"
)

// Needed are the permissions that a command needs here: Observing, and where it
// writes Acting as well; for a removal what that takes beside them. Those on the definition are left out where it is served
// already: whoever runs upgrades need not be permitted to define resources.
func (c *Cluster) Needed(ctx context.Context, writes bool) ([]Permission, error) {
	looks := c.Observing()
	if c.Removing != "" {
		looks = append(looks, c.SeeingRemovals()...)
	}
	if !writes {
		return looks, nil
	}
	all := append(looks, c.Acting()...)
	if c.Removing != "" {
		all = append(all, c.TakingAway()...)
	}
	there, err := c.defined(ctx)
	if !there || err != nil {
		return all, err
	}
	return slices.DeleteFunc(all, func(p Permission) bool { return p.Resource == definitions }), nil
}
