// SPDX-License-Identifier: Apache-2.0

package mesh

import "slices"

// Webhook is one entry of a MutatingWebhookConfiguration that injects sidecars.
type Webhook struct {
	Configuration string   // the object's name
	Name          string   // the entry's name, such as rev.namespace.sidecar-injector.istio.io
	Revision      string   // the object's label istio.io/rev
	Tag           string   // the object's label istio.io/tag, "" for a revision's own webhook
	Service       string   // namespace/name of the Service that it calls, or its URL
	Roots         []string // fingerprints of the certificates in its caBundle; none means that its calls fail
	Namespaces    Selector
	Objects       Selector
	NoIstiod      bool // no running istiod is behind the Service and port that it calls
	NotVerified   bool // the certificate behind it is not verified: it calls a URL, or a Service that selects no pods or is elsewhere
	Conditions    int  // number of its matchConditions, which are not evaluated: they may exclude pods that its selectors match
}

// Selector is a label selector, as the API server evaluates it. The empty selector matches
// everything.
type Selector []Requirement

// Requirement is one condition of a Selector.
type Requirement struct {
	Key      string
	Operator Operator
	Values   []string
}

// Operator relates a label to a Requirement's values.
type Operator string

// The operators of metav1.LabelSelectorRequirement.
const (
	In           Operator = "In"
	NotIn        Operator = "NotIn"
	Exists       Operator = "Exists"
	DoesNotExist Operator = "DoesNotExist"
)

// Matches reports whether labels meet every requirement. An unknown operator matches
// nothing, since the API server would refuse it.
func (s Selector) Matches(labels map[string]string) bool {
	for _, r := range s {
		if !r.matches(labels) {
			return false
		}
	}
	return true
}

func (r Requirement) matches(labels map[string]string) bool {
	value, exists := labels[r.Key]
	switch r.Operator {
	case In:
		return exists && slices.Contains(r.Values, value)
	case NotIn:
		return !exists || !slices.Contains(r.Values, value)
	case Exists:
		return exists
	case DoesNotExist:
		return !exists
	}
	return false
}
