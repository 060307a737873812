// SPDX-License-Identifier: Apache-2.0

package mesh

import "slices"

// ContestedGateway is a Gateway of the Gateway API that the istiods of several revisions
// claim: each re-creates its pods in turn.
type ContestedGateway struct {
	Namespace string
	Name      string
	Revisions []string // sorted
	Unread    string   // why its own label could not be read, "" when it was; it may then choose one of them
}

// String returns "Gateway shop/edge".
func (g ContestedGateway) String() string { return "Gateway " + g.Namespace + "/" + g.Name }

// LabelCommand returns the command that gives the Gateway to a revision.
func (g ContestedGateway) LabelCommand(revision string) string {
	return "kubectl label gateway -n " + g.Namespace + " " + g.Name + " " + RevisionLabel + "=" + revision
}

// GatewayClaims returns the revisions whose istiods claim a Gateway, sorted. value is the
// label istio.io/rev on it, else on its namespace, "" for none: IsMine and GetMyTags in
// pkg/revisions/tag_watcher.go @1.29.1. Since a revision's own name counts as a tag, one
// that was installed without a name claims what has no label, whatever the tag default is.
func (w World) GatewayClaims(value string) []string {
	defaultTag := slices.ContainsFunc(w.Webhooks, func(h Webhook) bool { return h.Tag == DefaultTag })
	var claims []string
	for _, r := range w.Revisions {
		tags := w.tagsOf(r.Name)
		isDefault := slices.Contains(tags, DefaultTag) || !defaultTag && w.Validator.Revision == r.Name
		if r.Replicas+len(r.Istiods) > 0 && (slices.Contains(tags, value) || value == "" && isDefault) {
			claims = append(claims, r.Name)
		}
	}
	return claims
}

// tagsOf returns the names by which a revision's istiod is known to itself.
func (w World) tagsOf(revision string) []string {
	names := []string{revision}
	for _, h := range w.Webhooks {
		if h.Tag != "" && h.Revision == revision {
			names = append(names, h.Tag)
		}
	}
	for _, t := range w.Tags {
		if t.Service == revision {
			names = append(names, t.Name)
		}
	}
	return names
}

// OwnGatewayLabel returns the label istio.io/rev of the Gateway for which istiod deploys the
// workload. Where the Gateway could not be read, its pods may show the label.
func (w Workload) OwnGatewayLabel() Label {
	if w.APIGateway.Name != "" {
		return w.APIGateway.Label
	}
	value, set := w.Template.Labels[RevisionLabel]
	return Label{Value: value, Set: set}
}

// GatewayBinding returns the label that binds the Gateway for which istiod deploys a workload:
// its own, else its namespace's. Without one the default binds it.
func (w World) GatewayBinding(wl Workload) Label {
	label := wl.OwnGatewayLabel()
	if ns, _ := w.Namespace(wl.Namespace); !label.Set {
		label = ns.Binding().Revision
	}
	return label
}

// ContestedGateways returns the Gateways that several revisions claim.
func (w World) ContestedGateways() []ContestedGateway {
	var list []ContestedGateway
	for _, wl := range w.Workloads {
		if !wl.ForGateway() {
			continue
		}
		if claims := w.GatewayClaims(w.GatewayBinding(wl).Value); len(claims) > 1 {
			list = append(list, ContestedGateway{
				Namespace: wl.Namespace, Name: wl.Template.Labels[GatewayLabel], Revisions: claims, Unread: wl.APIGateway.Unread,
			})
		}
	}
	return list
}
