// SPDX-License-Identifier: Apache-2.0

// Package gatewayapi reads the Gateways for which istiod deploys proxies, and writes what
// it takes to move such a Deployment without istiod replacing its pods at once.
package gatewayapi

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

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
	err := client.List(ctx, metav1.ListOptions{}, api.Dynamic.Resource(istio.APIGateways).List,
		func() { o.found = map[string]mesh.APIGatewayObject{} },
		func(page *unstructured.UnstructuredList) {
			for _, item := range page.Items {
				g, err := objectOf(item, managedBy)
				if err != nil {
					g = mesh.APIGatewayObject{Name: item.GetName(), Unread: err.Error()}
				}
				o.found[item.GetNamespace()+"/"+item.GetName()] = g
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

func objectOf(item unstructured.Unstructured, managedBy func(*metav1.ObjectMeta) string) (mesh.APIGatewayObject, error) {
	var g gateway
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(item.Object, &g); err != nil {
		return mesh.APIGatewayObject{}, fmt.Errorf("read Gateway %s/%s: %w", item.GetNamespace(), item.GetName(), err)
	}
	m := mesh.APIGatewayObject{Name: g.Name, Status: g.status()}
	if m.Label.Value, m.Label.Set = g.Labels[mesh.RevisionLabel]; m.Label.Set {
		m.LabelManagedBy = managedBy(&g.ObjectMeta)
	}
	return m, nil
}

// gateway is what is read of a Gateway.
type gateway struct {
	metav1.ObjectMeta `json:"metadata"`

	Status struct {
		Addresses []struct {
			Value string `json:"value"`
		} `json:"addresses"`
		Conditions []metav1.Condition `json:"conditions"`
		Listeners  []struct {
			AttachedRoutes int `json:"attachedRoutes"`
		} `json:"listeners"`
	} `json:"status"`
}

func (g gateway) status() mesh.GatewayStatus {
	s := mesh.GatewayStatus{Programmed: meta.IsStatusConditionTrue(g.Status.Conditions, "Programmed")}
	for _, a := range g.Status.Addresses {
		s.Addresses = append(s.Addresses, a.Value)
	}
	slices.Sort(s.Addresses)
	for _, l := range g.Status.Listeners {
		s.Routes += l.AttachedRoutes
	}
	return s
}

// Of returns the Gateway for which istiod deploys a workload. shadows are the revisions that
// have deployed shadow Gateways, by "namespace/name".
func (o Objects) Of(wl mesh.Workload, frozenBy string, shadows map[string]string) mesh.APIGatewayObject {
	name := wl.Template.Labels[mesh.GatewayLabel]
	g := o.found[wl.Namespace+"/"+name]
	g.FrozenBy, g.Unread = frozenBy, cmp.Or(o.unread, g.Unread)
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
