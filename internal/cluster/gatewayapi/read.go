// SPDX-License-Identifier: Apache-2.0

// Package gatewayapi reads the Gateways for which istiod deploys proxies, and writes what
// it takes to move such a Deployment without istiod replacing its pods at once.
package gatewayapi

import (
	"context"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rerig/rerig/internal/cluster/client"
	"github.com/rerig/rerig/internal/cluster/istio"
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// FrozenAnnotation on a Deployment names the run that has made every istiod leave it alone.
const FrozenAnnotation = "rerig.dev/frozen-by"

// Objects are the Gateways of a cluster, by "namespace/name".
type Objects struct {
	found  map[string]mesh.APIGatewayObject
	unread string
}

// Read reads all Gateways. Where they may not be listed, each that is asked for is Unread.
// managedBy returns the GitOps tool that manages the label istio.io/rev of an object.
func Read(ctx context.Context, api *client.Clients, managedBy func(*metav1.ObjectMeta) string) (Objects, error) {
	o := Objects{}
	err := client.List(ctx, metav1.ListOptions{}, api.Metadata.Resource(istio.APIGateways).List,
		func() { o.found = map[string]mesh.APIGatewayObject{} },
		func(page *metav1.PartialObjectMetadataList) {
			for _, g := range page.Items {
				m := mesh.APIGatewayObject{Name: g.Name}
				if m.Label.Value, m.Label.Set = g.Labels[mesh.RevisionLabel]; m.Label.Set {
					m.LabelManagedBy = managedBy(&g.ObjectMeta)
				}
				o.found[g.Namespace+"/"+g.Name] = m
			}
		})
	switch {
	case apierrors.IsForbidden(err):
		return Objects{unread: "Gateways may not be listed"}, nil
	case apierrors.IsNotFound(err):
		return Objects{}, nil
	}
	return o, client.ReadError("Gateways", err)
}

// Of returns the Gateway for which istiod deploys a workload. shadows are the revisions that
// have deployed shadow Gateways, by "namespace/name".
func (o Objects) Of(wl mesh.Workload, frozenBy string, shadows map[string]string) mesh.APIGatewayObject {
	name := wl.Template.Labels[mesh.GatewayLabel]
	g := o.found[wl.Namespace+"/"+name]
	g.FrozenBy, g.Unread = frozenBy, o.unread
	shadow := wl.Namespace + "/" + ShadowName(name)
	if _, exists := o.found[shadow]; exists {
		g.Shadow = mesh.PendingShadow
		if by := shadows[shadow]; by != "" {
			g.Shadow = by
		}
	}
	return g
}

const shadowPrefix = "rerig-shadow-"

// ShadowName returns the name of the Gateway from which the wanted template of another one
// is taken.
func ShadowName(gateway string) string { return step.ShortName(shadowPrefix, gateway) }

// IsShadow reports whether a Gateway is a shadow, by its name.
func IsShadow(gateway string) bool { return strings.HasPrefix(gateway, shadowPrefix) }
