// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/rerig/rerig/api/v1alpha1"
	"github.com/rerig/rerig/internal/mesh"
)

// rules reads exceptions such as "StatefulSet shop-db/*=evict" and
// "Rollout */*=field:spec.restartAt".
func rules(texts []string) ([]v1alpha1.WorkloadRule, error) {
	var list []v1alpha1.WorkloadRule
	for _, text := range texts {
		subject, way, ok := strings.Cut(text, "=")
		kind, name, ok2 := strings.Cut(subject, " ")
		namespace, name, ok3 := strings.Cut(name, "/")
		if !ok || !ok2 || !ok3 || way == "" {
			return nil, fmt.Errorf("read --workload %q: it is not KIND NAMESPACE/NAME=WAY, such as \"StatefulSet shop-db/*=evict\"", text)
		}
		way, field, _ := strings.Cut(way, ":")
		list = append(list, v1alpha1.WorkloadRule{Kind: either(kind), Namespace: either(namespace), Name: either(name), Way: way, Field: field})
	}
	return list, nil
}

// rulesText writes rules as --workload takes them.
func rulesText(rules []v1alpha1.WorkloadRule) string {
	var list []string
	for _, r := range rules {
		text := fmt.Sprintf("%s %s/%s", cmp.Or(r.Kind, "*"), cmp.Or(r.Namespace, "*"), cmp.Or(r.Name, "*"))
		if r.Way != "" {
			text += "=" + r.Way
		}
		if r.Field != "" {
			text += ":" + r.Field
		}
		if r.Trial != "" {
			text += " (trial " + r.Trial + ")"
		}
		list = append(list, text)
	}
	return cmp.Or(strings.Join(list, ", "), "none")
}

// either is "" for a star.
func either(text string) string {
	if text = strings.TrimSpace(text); text == "*" {
		return ""
	}
	return text
}

// spelt writes kinds as Kubernetes does.
func spelt(rules []v1alpha1.WorkloadRule) {
	for i, r := range rules {
		rules[i].Kind = string(mesh.KindOf(r.Kind))
	}
}

// wholly refuses a star that is only a part: it would stand for itself.
func wholly(r v1alpha1.WorkloadRule) error {
	for _, part := range []string{r.Kind, r.Namespace, r.Name} {
		if strings.Contains(part, "*") {
			return fmt.Errorf("read the rule %q: a * stands for any, and for the whole of its part (in a file any is a field that is left out): %q matches nothing", rulesText([]v1alpha1.WorkloadRule{r}), part)
		}
	}
	return nil
}
