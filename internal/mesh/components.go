// SPDX-License-Identifier: Apache-2.0

package mesh

import (
	"cmp"
	"slices"
)

// Component is an object that bears a control-plane revision. World.Belongings
// holds those that are in the cluster, World.Kept those that were kept of a
// revision that was taken away.
type Component struct {
	Kind           string
	Namespace      string // "" for what is in none
	Name           string
	UID            string
	Revision       string
	IstioComponent string // the label operator.istio.io/component: Pilot, IngressGateways, Cni, …; HelmRelease for Helm's own Secret
	Shared         bool   // of every revision, or needed by traffic: gateways, CNI, ztunnel, tags, the base
	ManagedBy      string // who else keeps it and has to take it away: "the Sail operator", a Helm release that holds more; "" nobody
}

// String is "Deployment istio-system/istiod-1-31-0", without the namespace
// where there is none.
func (b Component) String() string {
	if b.Namespace == "" {
		return b.Kind + " " + b.Name
	}
	return b.Kind + " " + b.Namespace + "/" + b.Name
}

// Reference is something beside namespaces, workloads and tags that names a revision,
// so that it cannot go: an entry of a VM, a template of a CronJob, a Gateway.
type Reference struct {
	Subject  string // "WorkloadEntry vms/legacy"
	Value    string // the revision, or the tag, that its label names
	Revision string // the revision that it leads to without a label; then there is no Value
	Through  string // "label istio.io/rev"
}

// removalOrder is the order in which the objects of a control plane are taken away:
// what calls it before what answers, who says what it is before it itself, and
// Helm's memory of it last.
var removalOrder = []string{"MutatingWebhookConfiguration", "ValidatingWebhookConfiguration", "ValidatingAdmissionPolicyBinding",
	"ValidatingAdmissionPolicy", "EnvoyFilter", "HorizontalPodAutoscaler",
	"PodDisruptionBudget", "Deployment", "NetworkPolicy", "Service", "EndpointSlice", "ConfigMap", "RoleBinding", "ClusterRoleBinding", "Role", "ClusterRole",
	"ServiceAccount", "Secret"}

// compare orders belongings by revision, then as they are taken away.
func (b Component) compare(o Component) int {
	return cmp.Or(cmp.Compare(b.Revision, o.Revision), cmp.Compare(slices.Index(removalOrder, b.Kind), slices.Index(removalOrder, o.Kind)),
		cmp.Compare(b.Kind, o.Kind), cmp.Compare(b.Namespace, o.Namespace), cmp.Compare(b.Name, o.Name))
}

// ComponentsOf returns what a revision's control plane alone is made of, in the order in
// which it is taken away.
func (w World) ComponentsOf(revision string) []Component {
	var own []Component
	for _, b := range w.Components {
		if b.Revision == revision && !b.Shared {
			own = append(own, b)
		}
	}
	return own
}

// MissingComponents returns what was kept of a revision and is not in the cluster.
func (w World) MissingComponents(revision string) []Component {
	var lost []Component
	for _, k := range w.SavedCopies {
		there := slices.ContainsFunc(w.Components, func(b Component) bool { return b.Revision == revision && b.String() == k.String() })
		if k.Revision == revision && !there {
			lost = append(lost, k)
		}
	}
	return lost
}

// LabelMeans reports whether a label's value means a revision: by its own name, or by
// a tag that points to it.
func (w World) LabelMeans(value, revision string) bool {
	to, _ := w.Resolve(value)
	return to == revision
}

// References reports whether a claim leads to a revision. One that does so without a
// label does whatever the tags point to: the untagged revision and the default
// share a name.
func (w World) References(c Reference, revision string) bool {
	return c.Revision == revision || c.Revision == "" && w.LabelMeans(c.Value, revision)
}
