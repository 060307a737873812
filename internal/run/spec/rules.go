// SPDX-License-Identifier: Apache-2.0

package spec

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/rerig/rerig/api/v1alpha1"
	"github.com/rerig/rerig/internal/mesh"
)

// parseRules reads rules such as "StatefulSet shop-db/*=evict" and
// "Rollout */*=field:spec.restartAt".
func parseRules(texts []string) ([]v1alpha1.WorkloadRule, error) {
	var rules []v1alpha1.WorkloadRule
	for _, text := range texts {
		subject, strategy, hasStrategy := strings.Cut(text, "=")
		kind, name, hasKind := strings.Cut(subject, " ")
		namespace, name, hasName := strings.Cut(name, "/")
		if !hasStrategy || !hasKind || !hasName || strategy == "" {
			return nil, fmt.Errorf("read --workload %q: expected KIND NAMESPACE/NAME=STRATEGY, such as \"StatefulSet shop-db/*=evict\"", text)
		}
		strategy, field, _ := strings.Cut(strategy, ":")
		rules = append(rules, v1alpha1.WorkloadRule{
			Kind: parsePart(kind), Namespace: parsePart(namespace), Name: parsePart(name), Strategy: strategy, Field: field,
		})
	}
	return rules, nil
}

// parsePart returns "" for a star.
func parsePart(text string) string {
	if text = strings.TrimSpace(text); text == "*" {
		return ""
	}
	return text
}

// rulesText writes rules as --workload takes them.
func rulesText(rules []v1alpha1.WorkloadRule) string {
	var texts []string
	for _, r := range rules {
		text := fmt.Sprintf("%s %s/%s", cmp.Or(r.Kind, "*"), cmp.Or(r.Namespace, "*"), cmp.Or(r.Name, "*"))
		if r.Strategy != "" {
			text += "=" + r.Strategy
		}
		if r.Field != "" {
			text += ":" + r.Field
		}
		if r.Trial != "" {
			text += " (trial " + r.Trial + ")"
		}
		texts = append(texts, text)
	}
	return cmp.Or(strings.Join(texts, ", "), "none")
}

// canonicalKinds writes kinds as Kubernetes does.
func canonicalKinds(rules []v1alpha1.WorkloadRule) {
	for i, r := range rules {
		rules[i].Kind = string(mesh.ParseKind(r.Kind))
	}
}

// rulesWithout returns the rules that are not among others.
func rulesWithout(rules, others []v1alpha1.WorkloadRule) []v1alpha1.WorkloadRule {
	return slices.DeleteFunc(slices.Clone(rules), func(r v1alpha1.WorkloadRule) bool { return slices.Contains(others, r) })
}
