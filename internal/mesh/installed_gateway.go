// SPDX-License-Identifier: Apache-2.0

package mesh

import "slices"

// InstalledGateway is what istioctl has written on the Deployment of a gateway that it
// installed: the labels of operator/pkg/manifest @1.31.0 and istio.io/rev.
type InstalledGateway struct {
	Operator  string // name of the IstioOperator that owns it, "" if istioctl did not install it
	Component string // IngressGateways or EgressGateways
	Revision  string // label istio.io/rev of the Deployment itself, "" without
}

// GatewayComponents are the components of an IstioOperator that are gateways, as their
// objects' labels name them.
var GatewayComponents = []string{"IngressGateways", "EgressGateways"}

// ByIstioctl reports whether istioctl installed a workload as a gateway, and rendered its
// template for one revision.
func (w Workload) ByIstioctl() bool {
	return w.GatewayMake() == RenderedGateway && w.Installed.Operator != "" && slices.Contains(GatewayComponents, w.Installed.Component)
}

// Prerendered reports whether the proxy is in a gateway's template, which istiod, istioctl or
// a chart renders for one revision. Webhooks do not inject its pods.
func (w Workload) Prerendered() bool { return w.ForGateway() || w.GatewayMake() == RenderedGateway }
