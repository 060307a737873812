// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"

	"github.com/rerig/rerig/internal/cluster/istio"
	"github.com/rerig/rerig/internal/mesh"
)

// readContestedGateways finds the Gateways that several revisions claim, once the World is
// complete. Whether the Gateway API is served matters while a revision has no name.
func (r *Reader) readContestedGateways(ctx context.Context, o *observation) error {
	w := &o.world
	if _, unnamed := w.Revision(mesh.DefaultRevision); unnamed {
		var err error
		if w.GatewayAPI, err = r.api.Serves(ctx, istio.APIGateways.GroupVersion().String()); err != nil {
			return err
		}
	}
	w.Contested = w.ContestedGateways()
	w.Sort()
	return nil
}
