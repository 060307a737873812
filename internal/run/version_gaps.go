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

// findGaps adds to a plan the paths on which proxy versions differ meanwhile. It reads routes
// where the plan moves pods and the mesh has gateways.
func findGaps(ctx context.Context, c Cluster, p *report.Proposal) error {
	moves := slices.ContainsFunc(p.Plan.Stages, parity.Moves)
	if !moves || !slices.ContainsFunc(p.World.Workloads, func(wl mesh.Workload) bool { return wl.Gateway }) {
		return nil
	}
	routes, err := c.Routes(ctx)
	if err != nil {
		return fmt.Errorf("find the paths on which proxy versions differ: %w", err)
	}
	p.Gaps, p.UnknownRoutes = parity.Gaps(p.World, p.Plan.Target, p.Plan.Stages, p.World.Hops(routes)), routes.Unknown
	return nil
}
