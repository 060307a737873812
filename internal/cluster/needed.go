// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"slices"
)

// Needed are the permissions that a command needs here: Observing, and where it
// writes Acting as well. Those on the definition are left out where it is served
// already: whoever runs upgrades need not be permitted to define resources.
func (c *Cluster) Needed(ctx context.Context, writes bool) ([]Permission, error) {
	if !writes {
		return c.Observing(), nil
	}
	all := append(c.Observing(), c.Acting()...)
	there, err := c.defined(ctx)
	if !there || err != nil {
		return all, err
	}
	return slices.DeleteFunc(all, func(p Permission) bool { return p.Resource == definitions }), nil
}
