// SPDX-License-Identifier: Apache-2.0

package strategy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// RulesWithoutMatch returns the rules that match no workload.
func RulesWithoutMatch(w mesh.World, rules []step.Rule) []step.Rule {
	var list []step.Rule
	for _, r := range rules {
		if !slices.ContainsFunc(w.Workloads, r.Matches) {
			list = append(list, r)
		}
	}
	return list
}

// ValidateRules rejects a rule that names one workload which does not exist: the workload
// that was meant would be moved against the user's intent. Kinds that are only seen by
// their pods may exist without pods, and are not checked.
func ValidateRules(w mesh.World, rules []step.Rule) error {
	for _, r := range RulesWithoutMatch(w, rules) {
		if r.Kind.Listed() && r.Namespace != "" && r.Name != "" {
			return fmt.Errorf("choose the strategy of workloads: the rule '%s' names a workload that does not exist: %s. Correct or remove the rule",
				r, nearby(w, r.Namespace))
		}
	}
	return nil
}

// maxNearby bounds how many workloads an error names.
const maxNearby = 10

// nearby names the workloads of a namespace.
func nearby(w mesh.World, namespace string) string {
	if _, exists := w.Namespace(namespace); !exists {
		return "there is no namespace " + namespace
	}
	var refs []string
	for _, wl := range w.WorkloadsIn(namespace) {
		refs = append(refs, string(wl.Ref()))
	}
	switch more := len(refs) - maxNearby; {
	case len(refs) == 0:
		return "namespace " + namespace + " has no workloads"
	case more > 0:
		return fmt.Sprintf("namespace %s has %s and %d more", namespace, strings.Join(refs[:maxNearby], ", "), more)
	}
	return "namespace " + namespace + " has " + strings.Join(refs, ", ")
}
