// SPDX-License-Identifier: Apache-2.0

package mesh

import (
	"fmt"
	"strings"
)

// Namespace is a namespace and the labels that webhooks look at.
type Namespace struct {
	Name      string
	Labels    map[string]string
	ManagedBy string // the GitOps tool that keeps its binding as it is: "Flux Kustomization apps/tenants"; "" nobody
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

// Label is a label's value, or its absence.
type Label struct {
	Set   bool
	Value string
}

// Pinned is the binding that names a revision and nothing else.
func Pinned(revision string) Binding {
	return Binding{Revision: Label{true, revision}}
}

// String writes the binding as kubectl would take it, "(none)" when neither
// label is set. ParseBinding reads it back.
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

// ParseBinding reads what String wrote; "(none)" is the zero Binding. An empty text,
// or one with another key than the two labels, is an error, and the Binding is then
// not to be used.
func ParseBinding(s string) (Binding, error) {
	var b Binding
	if s == "(none)" {
		return b, nil
	}
	for part := range strings.SplitSeq(s, ",") {
		key, value, ok := strings.Cut(part, "=")
		switch {
		case ok && key == InjectionLabel:
			b.Injection = Label{true, value}
		case ok && key == RevisionLabel:
			b.Revision = Label{true, value}
		default:
			return b, fmt.Errorf("read binding %q: %q is neither %s= nor %s=", s, part, InjectionLabel, RevisionLabel)
		}
	}
	return b, nil
}
