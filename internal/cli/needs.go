// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"github.com/rerig/rerig/internal/install"
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan"
)

const hooksGroup = "admissionregistration.k8s.io"

// needsOf are the rights that some plans take and others don't: nobody has to
// have them for a plan without such steps.
func needsOf(p plan.Plan, root string) []install.Need {
	var needs []install.Need
	for _, s := range plan.Flat(p.Stages) {
		if s.Kind != plan.Tag {
			continue
		}
		needs = append(needs,
			install.Need{Verb: "patch", Group: hooksGroup, Resource: "mutatingwebhookconfigurations"},
			install.Need{Verb: "get", Resource: "services", Namespace: root},
			install.Need{Verb: "patch", Resource: "services", Namespace: root})
		if s.Subject == mesh.DefaultTag {
			needs = append(needs,
				install.Need{Verb: "create", Group: hooksGroup, Resource: "mutatingwebhookconfigurations"},
				install.Need{Verb: "delete", Group: hooksGroup, Resource: "mutatingwebhookconfigurations"},
				install.Need{Verb: "get", Group: hooksGroup, Resource: "validatingwebhookconfigurations"},
				install.Need{Verb: "patch", Group: hooksGroup, Resource: "validatingwebhookconfigurations"})
		}
	}
	return needs
}
