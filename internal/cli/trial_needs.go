// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"github.com/rerig/rerig/internal/cluster"
	"github.com/rerig/rerig/internal/install"
	"github.com/rerig/rerig/internal/plan"
)

// trialNeeds is what a plan's trials have to be permitted; nobody else needs it.
func trialNeeds(stages []plan.Stage) []install.Need {
	var needs []install.Need
	for _, s := range stages {
		if s.Kind != plan.Trial && s.Kind != plan.Withdraw {
			continue
		}
		for _, p := range cluster.Trying() {
			needs = append(needs, install.Need{Verb: p.Verb, Group: p.Group, Resource: p.Resource, Namespace: p.Namespace})
		}
		break
	}
	return needs
}
