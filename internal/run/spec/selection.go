// SPDX-License-Identifier: Apache-2.0

package spec

import (
	"errors"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/selection"

	"github.com/rerig/rerig/api/v1alpha1"
)

// selection returns the namespaces that the flags select. A flag that was given
// and is empty, as an unset variable of a script leaves it, is an error: it does
// not mean every namespace.
func (f *Flags) selection() (*v1alpha1.NamespaceSelection, error) {
	switch {
	case f.changed("namespace") && len(f.namespaces) == 0:
		return nil, emptyFlag("--namespace")
	case f.changed("selector") && f.selector == "":
		return nil, emptyFlag("--selector")
	case f.changed("exclude-namespace") && len(f.excluded) == 0:
		return nil, errors.New("read the command line: --exclude-namespace is empty, perhaps because a variable is not set; " +
			"leave it out to exclude no namespace")
	case len(f.namespaces) == 0 && f.selector == "" && len(f.excluded) == 0:
		return nil, nil
	}
	s := &v1alpha1.NamespaceSelection{Names: f.namespaces, Exclude: f.excluded}
	if f.selector != "" {
		parsed, err := parseSelector(f.selector)
		if err != nil {
			return nil, fmt.Errorf("read --selector %q: %w", f.selector, err)
		}
		s.Selector = parsed
	}
	return s, nil
}

const leaveOut = "leave it out to move every namespace that is bound to another revision"

func emptyFlag(name string) error {
	return fmt.Errorf("read the command line: %s is empty, perhaps because a variable is not set; %s", name, leaveOut)
}

// validateSelection rejects a selection that is present and selects nothing, null
// included: the planner would read it as every namespace.
func validateSelection(s Spec, stated Stated) error {
	if stated.File != "" && stated.Fields["namespaces"] && s.Namespaces == nil {
		s.Namespaces = &v1alpha1.NamespaceSelection{}
	}
	if n := s.Namespaces; n != nil && len(n.Names) == 0 && len(n.Exclude) == 0 && matchesAll(n.Selector) {
		return fmt.Errorf("select namespaces: spec.namespaces is present and names none; %s", leaveOut)
	}
	if stated.File != "" && stated.Fields["waves"] && len(s.Waves) == 0 {
		return fmt.Errorf("split the namespaces: spec.waves is present and empty; %s", leaveOut)
	}
	return nil
}

func matchesAll(s *metav1.LabelSelector) bool {
	return s == nil || len(s.MatchLabels) == 0 && len(s.MatchExpressions) == 0
}

// selectorOperators are kubectl's operators, as a LabelSelector writes them.
var selectorOperators = map[selection.Operator]metav1.LabelSelectorOperator{
	selection.Equals:       metav1.LabelSelectorOpIn,
	selection.DoubleEquals: metav1.LabelSelectorOpIn,
	selection.In:           metav1.LabelSelectorOpIn,
	selection.NotEquals:    metav1.LabelSelectorOpNotIn,
	selection.NotIn:        metav1.LabelSelectorOpNotIn,
	selection.Exists:       metav1.LabelSelectorOpExists,
	selection.DoesNotExist: metav1.LabelSelectorOpDoesNotExist,
}

// parseSelector reads a selector as kubectl's -l takes it, != included.
func parseSelector(text string) (*metav1.LabelSelector, error) {
	requirements, err := labels.ParseToRequirements(text)
	if err != nil {
		return nil, err
	}
	s := &metav1.LabelSelector{}
	for _, r := range requirements {
		operator, ok := selectorOperators[r.Operator()]
		if !ok {
			return nil, fmt.Errorf("a namespace cannot be selected by the operator %s", r.Operator())
		}
		s.MatchExpressions = append(s.MatchExpressions, metav1.LabelSelectorRequirement{
			Key: r.Key(), Operator: operator, Values: r.ValuesUnsorted(),
		})
	}
	return s, nil
}
