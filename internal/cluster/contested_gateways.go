// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rerig/rerig/internal/cluster/client"
	"github.com/rerig/rerig/internal/cluster/istio"
	"github.com/rerig/rerig/internal/mesh"
)

// readContestedGateways finds the Gateways that several revisions claim. It asks nothing
// while every revision has a name, and for a Gateway only where its Deployment's labels
// leave it open. The World is complete otherwise, and sorted.
func (r *Reader) readContestedGateways(ctx context.Context, o *observation) error {
	w := &o.world
	if _, unnamed := w.Revision(mesh.DefaultRevision); unnamed {
		var err error
		if w.GatewayAPI, err = r.api.Serves(ctx, istio.APIGateways.GroupVersion().String()); err != nil {
			return err
		}
	}
	for _, g := range w.ContestedByLabels() {
		label, read, err := r.gatewayLabel(ctx, g)
		switch {
		case err != nil:
			return err
		case !read:
			g.Unread = "Gateways may not be listed"
		case label.Set:
			if g.Revisions = w.GatewayClaims(label.Value); len(g.Revisions) < 2 {
				continue
			}
		}
		w.Contested = append(w.Contested, g)
	}
	w.Sort()
	return nil
}

// gatewayLabel returns a Gateway's own label istio.io/rev, and whether it could be read.
func (r *Reader) gatewayLabel(ctx context.Context, g mesh.ContestedGateway) (label mesh.Label, read bool, err error) {
	err = client.List(ctx, client.Named(g.Name), r.api.Metadata.Resource(istio.APIGateways).Namespace(g.Namespace).List,
		func() { label = mesh.Label{} },
		func(page *metav1.PartialObjectMetadataList) {
			for _, m := range page.Items {
				label.Value, label.Set = m.Labels[mesh.RevisionLabel]
			}
		})
	if apierrors.IsForbidden(err) || apierrors.IsNotFound(err) {
		return label, false, nil
	}
	return label, err == nil, client.ReadError(g.String(), err)
}
