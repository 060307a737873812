// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rerig/rerig/api/v1alpha1"
)

// selection is what the flags select. One that was given and is empty comes of a
// variable that is not set: it does not mean everything.
func (w *wish) selection() (*v1alpha1.NamespaceSelection, error) {
	switch {
	case w.set.Changed("namespace") && len(w.namespaces) == 0:
		return nil, emptyFlag("--namespace")
	case w.set.Changed("selector") && w.selector == "":
		return nil, emptyFlag("--selector")
	case len(w.namespaces) == 0 && w.selector == "":
		return nil, nil
	}
	s := &v1alpha1.NamespaceSelection{Names: w.namespaces}
	if w.selector != "" {
		parsed, err := selectorOf(w.selector)
		if err != nil {
			return nil, fmt.Errorf("read --selector %q: %w", w.selector, err)
		}
		s.Selector = parsed
	}
	return s, nil
}

const orLeaveIt = "leave it out to move all that is bound to another revision"

func emptyFlag(name string) error {
	return fmt.Errorf("read the command line: %s was given and is empty, as a variable that is not set leaves it; %s", name, orLeaveIt)
}

// checkSelected refuses a selection that is there and selects nothing, null among
// it: as the planner reads it, that would be everything.
func checkSelected(s spec, told said) error {
	if told.file != "" && told.fields["namespaces"] && s.Namespaces == nil {
		s.Namespaces = &v1alpha1.NamespaceSelection{}
	}
	if n := s.Namespaces; n != nil && len(n.Names) == 0 && everyLabel(n.Selector) {
		return fmt.Errorf("select namespaces: spec.namespaces is there and names none; %s", orLeaveIt)
	}
	if told.file != "" && told.fields["waves"] && len(s.Waves) == 0 {
		return fmt.Errorf("divide the namespaces: spec.waves is there and empty; %s", orLeaveIt)
	}
	return nil
}

// everyLabel reports whether a selector asks for nothing, so that it matches
// whatever there is.
func everyLabel(s *metav1.LabelSelector) bool {
	return s == nil || len(s.MatchLabels) == 0 && len(s.MatchExpressions) == 0
}
