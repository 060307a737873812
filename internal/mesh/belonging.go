// SPDX-License-Identifier: Apache-2.0

package mesh

import (
	"cmp"
	"slices"
)

// Belonging is an object that bears a control-plane revision. World.Belongings
// holds those that are in the cluster, World.Kept those that were kept of a
// revision that was taken away.
type Belonging struct {
	Kind      string
	Namespace string // "" for what is in none
	Name      string
	UID       string
	Revision  string
	Component string // the label operator.istio.io/component: Pilot, IngressGateways, Cni, …; HelmRelease for Helm's own Secret
	Shared    bool   // of every revision, or needed by traffic: gateways, CNI, ztunnel, tags, the base
	Hands     string // who else keeps it and has to take it away: "the Sail operator", a Helm release that holds more; "" nobody
}

// Subject is "Deployment istio-system/istiod-1-31-0", without the namespace
// where there is none.
func (b Belonging) Subject() string {
	if b.Namespace == "" {
		return b.Kind + " " + b.Name
	}
	return b.Kind + " " + b.Namespace + "/" + b.Name
}

// Claim is something beside namespaces, workloads and tags that names a revision,
// so that it cannot go: an entry of a VM, a template of a CronJob, a Gateway.
type Claim struct {
	Subject  string // "WorkloadEntry vms/legacy"
	Value    string // the revision, or the tag, that its label names
	Revision string // the revision that it leads to without a label; then there is no Value
	By       string // "label istio.io/rev"
}

// removal is the order in which the objects of a control plane are taken away:
// what calls it before what answers, who says what it is before it itself, and
// Helm's memory of it last.
var removal = []string{"MutatingWebhookConfiguration", "ValidatingWebhookConfiguration", "ValidatingAdmissionPolicyBinding",
	"ValidatingAdmissionPolicy", "EnvoyFilter", "HorizontalPodAutoscaler",
	"PodDisruptionBudget", "Deployment", "NetworkPolicy", "Service", "EndpointSlice", "ConfigMap", "RoleBinding", "ClusterRoleBinding", "Role", "ClusterRole",
	"ServiceAccount", "Secret"}

// compare orders belongings by revision, then as they are taken away.
func (b Belonging) compare(o Belonging) int {
	return cmp.Or(cmp.Compare(b.Revision, o.Revision), cmp.Compare(slices.Index(removal, b.Kind), slices.Index(removal, o.Kind)),
		cmp.Compare(b.Kind, o.Kind), cmp.Compare(b.Namespace, o.Namespace), cmp.Compare(b.Name, o.Name))
}

// Own returns what a revision's control plane alone is made of, in the order in
// which it is taken away.
func (w World) Own(revision string) []Belonging {
	var own []Belonging
	for _, b := range w.Belongings {
		if b.Revision == revision && !b.Shared {
			own = append(own, b)
		}
	}
	return own
}

// Lost returns what was kept of a revision and is not in the cluster.
func (w World) Lost(revision string) []Belonging {
	var lost []Belonging
	for _, k := range w.Kept {
		there := slices.ContainsFunc(w.Belongings, func(b Belonging) bool { return b.Revision == revision && b.Subject() == k.Subject() })
		if k.Revision == revision && !there {
			lost = append(lost, k)
		}
	}
	return lost
}

// Names reports whether a label's value means a revision: by its own name, or by
// a tag that points to it.
func (w World) Names(value, revision string) bool {
	to, _ := w.Resolve(value)
	return to == revision
}

// Claimed reports whether a claim leads to a revision. One that does so without a
// label does whatever the tags point to: the untagged revision and the default
// share a name.
func (w World) Claimed(c Claim, revision string) bool {
	return c.Revision == revision || c.Revision == "" && w.Names(c.Value, revision)
}
