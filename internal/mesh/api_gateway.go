// SPDX-License-Identifier: Apache-2.0

package mesh

// APIGatewayObject is the Gateway of the Gateway API for which istiod deploys a workload,
// and what a run has made of that Deployment.
type APIGatewayObject struct {
	Name   string // "" for a workload that is deployed for none, or whose Gateway does not exist
	Unread string // why the Gateway could not be read, "" when it was

	// Label is its own label istio.io/rev: a revision or a tag. Without one the label of its
	// namespace decides which istiod deploys it, else the default.
	Label Label

	Status GatewayStatus

	// LabelManagedBy is the GitOps tool that manages its own label, "" for none: it would restore it.
	LabelManagedBy string

	// FrozenBy is the run that has made every istiod leave the Deployment alone, "" for none.
	FrozenBy string

	// Shadow is the Gateway from which the run takes the wanted template: NoShadow, a
	// revision that has deployed it, or PendingShadow.
	Shadow string
}

// The values of APIGatewayObject.Shadow that are no revision.
const (
	NoShadow      = ""
	PendingShadow = "(pending)" // no istiod has deployed it yet
)

// Deployed returns the revision for which a gateway's template is rendered: its annotation,
// as files/kube-gateway.yaml of the chart istiod has it for a Gateway of the Gateway API, and
// the charts istio-ingress and istio-egress for the gateways of an IstioOperator.
func (t Template) Deployed() string { return t.Annotations[RevisionLabel] }
