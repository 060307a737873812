// SPDX-License-Identifier: Apache-2.0

package mesh

import (
	"fmt"
	"strings"
)

// Namespace is a namespace with the labels that injection webhooks select by.
type Namespace struct {
	Name      string
	Labels    map[string]string
	ManagedBy string // the GitOps tool that manages its labels: "Flux Kustomization apps/tenants"; "" for none
	Mesh      string // the root namespace of the other mesh that it is part of; "" for none

	// SetBy is the field manager of its labels if that is another tool, for which a run does not
	// wait: it may restore them.
	SetBy FieldManager
}

// Binding returns the namespace's own two labels that choose a revision.
func (n Namespace) Binding() Binding {
	var b Binding
	b.Injection.Value, b.Injection.Set = n.Labels[InjectionLabel]
	b.Revision.Value, b.Revision.Set = n.Labels[RevisionLabel]
	return b
}

// Binding is the pair of labels by which a namespace chooses its revision. The
// injection label wins where both are set.
type Binding struct {
	Injection Label
	Revision  Label
}

// Label is a label's value, or the absence of the label.
type Label struct {
	Set   bool
	Value string
}

// BindingTo returns the binding of a namespace that names a revision by label istio.io/rev alone.
func BindingTo(revision string) Binding {
	return Binding{Revision: Label{Set: true, Value: revision}}
}

// String returns the binding as kubectl label takes it, "(none)" when neither
// label is set. ParseBinding reads it.
func (b Binding) String() string {
	var parts []string
	if b.Injection.Set {
		parts = append(parts, InjectionLabel+"="+b.Injection.Value)
	}
	if b.Revision.Set {
		parts = append(parts, RevisionLabel+"="+b.Revision.Value)
	}
	if len(parts) == 0 {
		return "(none)"
	}
	return strings.Join(parts, ",")
}

// ParseBinding reads what String returns; "(none)" is the zero Binding. It fails for an
// empty text and for any other label key.
func ParseBinding(s string) (Binding, error) {
	var b Binding
	if s == "(none)" {
		return b, nil
	}
	for part := range strings.SplitSeq(s, ",") {
		key, value, ok := strings.Cut(part, "=")
		switch {
		case ok && key == InjectionLabel:
			b.Injection = Label{Set: true, Value: value}
		case ok && key == RevisionLabel:
			b.Revision = Label{Set: true, Value: value}
		default:
			return b, fmt.Errorf("read binding %q: %q is neither %s= nor %s=", s, part, InjectionLabel, RevisionLabel)
		}
	}
	return b, nil
}
