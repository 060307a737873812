// SPDX-License-Identifier: Apache-2.0

package strategy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// RulesWithoutMatch are the rules that speak of no workload that there is.
func RulesWithoutMatch(w mesh.World, rules []step.Rule) []step.Rule {
	var list []step.Rule
	for _, r := range rules {
		if !slices.ContainsFunc(w.Workloads, r.Matches) {
			list = append(list, r)
		}
	}
	return list
}

// ValidateRules refuses rules that name one workload, which is not there: somebody meant
// another one, and that one would be moved unasked. What is seen by its pods alone
// may be there without.
func ValidateRules(w mesh.World, rules []step.Rule) error {
	for _, r := range RulesWithoutMatch(w, rules) {
		if r.Kind.Listed() && r.Namespace != "" && r.Name != "" {
			return fmt.Errorf("choose how workloads are moved: the rule '%s' speaks of a workload that the mesh does not have: %s; correct it, or take it away", r, nearby(w, r.Namespace))
		}
	}
	return nil
}

// maxNearby is how many workloads an error names.
const maxNearby = 10

// nearby names what there is in a namespace.
func nearby(w mesh.World, namespace string) string {
	if _, there := w.Namespace(namespace); !there {
		return "there is no namespace " + namespace
	}
	var keys []string
	for _, wl := range w.In(namespace) {
		keys = append(keys, string(wl.Ref()))
	}
	switch more := len(keys) - maxNearby; {
	case len(keys) == 0:
		return "there is none in namespace " + namespace
	case more > 0:
		return fmt.Sprintf("there are %s and %d more", strings.Join(keys[:maxNearby], ", "), more)
	}
	return "there is " + strings.Join(keys, ", ")
}
