// SPDX-License-Identifier: Apache-2.0

package run

import (
	"context"
	"fmt"
	"slices"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/parity"
	"github.com/rerig/rerig/internal/report"
)

// findGaps adds to a plan the paths from gateways, and those on which proxy versions differ
// meanwhile. It reads routes where the plan moves pods or has moved some, and the mesh has gateways.
func findGaps(ctx context.Context, c Cluster, p *report.Proposal) error {
	moves := slices.ContainsFunc(p.Plan.Stages, parity.Moves) || p.Resumed && len(p.Plan.Stages) > 0
	if !moves || !slices.ContainsFunc(p.World.Workloads, func(wl mesh.Workload) bool { return wl.Gateway }) {
		return nil
	}
	routes, err := c.Routes(ctx)
	if err != nil {
		return fmt.Errorf("find the paths on which proxy versions differ: %w", err)
	}
	p.Hops, p.UnknownRoutes = p.World.Hops(routes), routes.Unknown
	p.Gaps = parity.Gaps(p.World, p.Plan.Target, p.Plan.Stages, p.Hops)
	return nil
}
