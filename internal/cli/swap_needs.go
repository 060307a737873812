// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"github.com/rerig/rerig/internal/cluster"
	"github.com/rerig/rerig/internal/install"
	"github.com/rerig/rerig/internal/plan"
)

// swapNeeds is what a plan must be permitted beside all others, where it swaps.
func swapNeeds(stages []plan.Stage) []install.Need {
	for _, s := range stages {
		if s.Kind != plan.Swap && s.Kind != plan.Retire {
			continue
		}
		var needs []install.Need
		for _, p := range cluster.Swapping() {
			needs = append(needs, install.Need{Verb: p.Verb, Group: p.Group, Resource: p.Resource, Namespace: p.Namespace})
		}
		return needs
	}
	return nil
}
