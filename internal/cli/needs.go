// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"github.com/rerig/rerig/internal/cluster"
	"github.com/rerig/rerig/internal/install"
	"github.com/rerig/rerig/internal/plan"
)

// needsOf are the rights that some plans take and others don't: nobody has to
// have them for a plan without such steps.
func needsOf(stages []plan.Stage, root string) []install.Need {
	var needs []install.Need
	asked := map[plan.Kind]bool{}
	for _, s := range plan.Flat(stages) {
		var wanted []cluster.Permission
		switch s.Kind {
		case plan.Tag:
			wanted = cluster.Retagging(root, s.Subject)
		case plan.Trial, plan.Withdraw:
			wanted = once(asked, plan.Trial, cluster.Trying)
		case plan.Swap, plan.Retire:
			wanted = once(asked, plan.Swap, cluster.Swapping)
		}
		for _, p := range wanted {
			needs = append(needs, install.Need{Verb: p.Verb, Group: p.Group, Resource: p.Resource, Namespace: p.Namespace})
		}
	}
	return needs
}

// once is what a kind of step needs, the first time that it is asked.
func once(asked map[plan.Kind]bool, kind plan.Kind, needed func() []cluster.Permission) []cluster.Permission {
	if asked[kind] {
		return nil
	}
	asked[kind] = true
	return needed()
}
