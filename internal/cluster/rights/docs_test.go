// SPDX-License-Identifier: Apache-2.0

package rights

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/rerig/rerig/internal/mesh"
)

// docs/reference/rights.md names, under its heading, each right that a purpose needs.
func TestRightsAreDocumented(t *testing.T) {
	page, err := os.ReadFile("../../../docs/reference/rights.md")
	if err != nil {
		t.Fatal(err)
	}
	sections := map[string]string{}
	for section := range strings.SplitSeq(string(page), "\n## ") {
		title, text, _ := strings.Cut(section, "\n")
		sections[title] = text
	}
	const root = "istio-system"
	for _, tc := range []struct {
		title  string
		rights []Right
	}{
		{"inventory, plan and status", slices.Concat(Reading(root), Optional(root), Rollouts(false))},
		{"upgrade and rollback", slices.Concat(Writing(root), Rollouts(true)[1:])},
		{"Swap", slices.Concat(swapping, ReadingSelectors())},
		{"Gateways of the Gateway API", gateways},
		{"Gateways that istioctl installed", rendering(root, "Deployment istio-system/istio-ingressgateway")},
		{"Held rollouts of Helm releases", UpgradingRelease(mesh.HelmRelease{Namespace: "edge"})},
		{"Trial", trials},
		{"Tags and the default", moveTag(root, "default")},
		{"Install", StoringValues(root)},
		{"Prune saved copies", Pruning(root)},
		{"Remove the old control plane", slices.Concat(ReadingRemoval(), Removing(root))},
	} {
		t.Run(tc.title, func(t *testing.T) {
			for _, r := range tc.rights {
				resource, sub, _ := strings.Cut(r.Resource, "/")
				name := resource
				if r.Group != "" {
					name += "." + r.Group
				}
				if sub != "" {
					name += "/" + sub
				}
				if text := sections[tc.title]; !strings.Contains(text, "`"+name+"`") || !strings.Contains(text, "`"+r.Verb+"`") {
					t.Errorf("the section does not have: %s", r)
				}
			}
		})
	}
}
