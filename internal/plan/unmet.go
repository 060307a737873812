// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/rerig/rerig/internal/mesh"
)

// String writes a rule as the user does.
func (r Rule) String() string {
	text := fmt.Sprintf("%s %s/%s", cmp.Or(string(r.Kind), "*"), cmp.Or(r.Namespace, "*"), cmp.Or(r.Name, "*"))
	if r.Way != "" {
		text += "=" + string(r.Way)
	}
	if r.Field != "" {
		text += ":" + r.Field
	}
	return text
}

// unmet are the rules that speak of no workload that there is.
func unmet(w mesh.World, rules []Rule) []Rule {
	var list []Rule
	for _, r := range rules {
		if !slices.ContainsFunc(w.Workloads, r.speaks) {
			list = append(list, r)
		}
	}
	return list
}

// Met refuses rules that name one workload, which is not there: somebody meant
// another one, and that one would be moved unasked. What is seen by its pods alone
// may be there without.
func Met(w mesh.World, rules []Rule) error {
	for _, r := range unmet(w, rules) {
		if r.Kind.Listed() && r.Namespace != "" && r.Name != "" {
			return fmt.Errorf("choose how workloads are moved: the rule '%s' speaks of a workload that the mesh does not have: %s; correct it, or take it away", r, nearby(w, r.Namespace))
		}
	}
	return nil
}

// mentioned is how many workloads an error names.
const mentioned = 10

// nearby names what there is in a namespace.
func nearby(w mesh.World, namespace string) string {
	if _, there := w.Namespace(namespace); !there {
		return "there is no namespace " + namespace
	}
	var keys []string
	for _, wl := range w.In(namespace) {
		keys = append(keys, wl.Key())
	}
	switch more := len(keys) - mentioned; {
	case len(keys) == 0:
		return "there is none in namespace " + namespace
	case more > 0:
		return fmt.Sprintf("there are %s and %d more", strings.Join(keys[:mentioned], ", "), more)
	}
	return "there is " + strings.Join(keys, ", ")
}

// idleRules notes the rules that decide nothing.
func idleRules(w mesh.World, t Target) []Note {
	var notes []Note
	for _, r := range unmet(w, t.Policy.Rules) {
		notes = append(notes, Note{Kind: IdleRule, Subject: r.String(), Text: "is a rule that speaks of no workload that there is: it decides nothing", Evidence: "no such workload"})
	}
	return notes
}
