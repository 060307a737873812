// SPDX-License-Identifier: Apache-2.0

package mesh

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Component is an object that is labelled with a control-plane revision. World.Components
// holds those in the cluster, World.SavedCopies those saved from a removed revision.
type Component struct {
	Kind           string
	Namespace      string // "" for cluster-scoped objects
	Name           string
	UID            string
	Revision       string
	IstioComponent string // label operator.istio.io/component: Pilot, IngressGateways, Cni, …; HelmRelease for Helm's own Secret
	Shared         bool   // used by all revisions or by traffic: gateways, CNI, ztunnel, tags, the base
	ManagedBy      string // who has to remove it instead: "the Sail operator", a Helm release with more objects; "" for nobody
}

// String returns "Deployment istio-system/istiod-1-31-0", without the namespace for
// cluster-scoped objects.
func (c Component) String() string {
	if c.Namespace == "" {
		return c.Kind + " " + c.Name
	}
	return c.Kind + " " + c.Namespace + "/" + c.Name
}

// ParseComponent reads the kind, the namespace and the name that String writes. It fails
// for any other form.
func ParseComponent(text string) (Component, error) {
	kind, name, _ := strings.Cut(text, " ")
	c := Component{Kind: kind, Name: name}
	if namespace, name, ok := strings.Cut(name, "/"); ok {
		c.Namespace, c.Name = namespace, name
	}
	if c.Kind == "" || c.Name == "" {
		return Component{}, fmt.Errorf("%q is no object: write KIND NAMESPACE/NAME, or KIND NAME", text)
	}
	return c, nil
}

// Reference is an object other than a namespace, workload or tag that still uses a
// revision and prevents its removal: a WorkloadEntry, a CronJob's template, a Gateway.
type Reference struct {
	Subject  string // "WorkloadEntry vms/legacy"
	Value    string // the revision or tag in its label
	Revision string // the revision that it uses without a label; Value is then empty
	Through  string // "label istio.io/rev"
	Tag      string // the tag whose Service it calls to reach the revision, "" for none
	Webhooks []int  // of a webhook configuration: its webhooks that call the revision's Service by name
}

// Redirect returns the command that points a webhook configuration at a Service of the same
// namespace, "" for another reference.
func (c Reference) Redirect(service string) string {
	kind, name, _ := strings.Cut(c.Subject, " ")
	var changes []string
	for _, n := range c.Webhooks {
		changes = append(changes, fmt.Sprintf(`{"op":"replace","path":"/webhooks/%d/clientConfig/service/name","value":"%s"}`, n, service))
	}
	if len(changes) == 0 {
		return ""
	}
	return fmt.Sprintf("kubectl patch %s %s --type=json -p '[%s]'", strings.ToLower(kind), name, strings.Join(changes, ","))
}

// removalOrder is the order in which the objects of a control plane are removed: webhooks
// before the Deployment that serves them, bindings before what they bind, and Helm's own
// Secret last.
var removalOrder = []string{
	"MutatingWebhookConfiguration", "ValidatingWebhookConfiguration", "ValidatingAdmissionPolicyBinding",
	"ValidatingAdmissionPolicy", "EnvoyFilter", "HorizontalPodAutoscaler", "PodDisruptionBudget", "Deployment",
	"NetworkPolicy", "Service", "EndpointSlice", "ConfigMap", "RoleBinding", "ClusterRoleBinding", "Role",
	"ClusterRole", "ServiceAccount", "Secret",
}

// compare orders components by revision, then by removal order.
func (c Component) compare(o Component) int {
	return cmp.Or(cmp.Compare(c.Revision, o.Revision),
		cmp.Compare(slices.Index(removalOrder, c.Kind), slices.Index(removalOrder, o.Kind)),
		cmp.Compare(c.Kind, o.Kind), cmp.Compare(c.Namespace, o.Namespace), cmp.Compare(c.Name, o.Name))
}

// ComponentsOf returns the objects of a revision's control plane that nothing else shares,
// in removal order.
func (w World) ComponentsOf(revision string) []Component {
	var own []Component
	for _, c := range w.Components {
		if c.Revision == revision && !c.Shared {
			own = append(own, c)
		}
	}
	return own
}

// MissingComponents returns the saved copies of a revision whose objects do not exist.
func (w World) MissingComponents(revision string) []Component {
	var missing []Component
	for _, saved := range w.SavedCopies {
		exists := slices.ContainsFunc(w.Components, func(c Component) bool {
			return c.Revision == revision && c.String() == saved.String()
		})
		if saved.Revision == revision && !exists {
			missing = append(missing, saved)
		}
	}
	return missing
}

// LabelMeans reports whether a label's value selects a revision: by its name, or by a tag
// that points to it.
func (w World) LabelMeans(value, revision string) bool {
	resolved, _ := w.Resolve(value)
	return resolved == revision
}

// RefersTo reports whether a reference uses a revision. A reference without a label
// ignores tags, because the untagged revision and the tag default share a name.
func (w World) RefersTo(c Reference, revision string) bool {
	return c.Revision == revision || c.Revision == "" && w.LabelMeans(c.Value, revision)
}
