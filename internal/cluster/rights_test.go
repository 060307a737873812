// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// docs/reference/rights.md names, under its heading, each resource that a purpose takes.
func TestRightsAreWrittenDown(t *testing.T) {
	page, err := os.ReadFile("../../docs/reference/rights.md")
	if err != nil {
		t.Fatal(err)
	}
	sections := map[string]string{}
	for section := range strings.SplitSeq(string(page), "\n## ") {
		title, text, _ := strings.Cut(section, "\n")
		sections[title] = text
	}
	c := &Cluster{Root: "istio-system"}
	for title, wanted := range map[string][]Permission{
		"inventory, plan and status":   slices.Concat(c.Observing(), c.Helpful(), c.Rolling(false)),
		"upgrade and rollback":         append(c.Acting(), c.Rolling(true)[1:]...),
		"Swap":                         append(Swapping(), Choosing()...),
		"Trial":                        Trying(),
		"Tags and the default":         Retagging(c.Root, "default"),
		"Remove the old control plane": append(c.SeeingRemovals(), c.TakingAway()...),
	} {
		for _, p := range wanted {
			resource, sub, _ := strings.Cut(p.Resource, "/")
			name := resource
			if p.Group != "" {
				name += "." + p.Group
			}
			if sub != "" {
				name += "/" + sub
			}
			if !strings.Contains(sections[title], "`"+name+"`") || !strings.Contains(sections[title], "`"+p.Verb+"`") {
				t.Errorf("%q in docs/reference/rights.md does not say: %s", title, p)
			}
		}
	}
}
