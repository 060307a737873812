// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rerig/rerig/internal/mesh"
)

// RunEnd are the checks of the mesh before an upgrade ends.
var RunEnd = []Check{{
	Name:        "gateway-claimed-once",
	Description: "The new revision shares no Gateway of the Gateway API with another revision.",
	Hint: "Give each Gateway to one revision by its label: `kubectl label gateway -n NAMESPACE NAME istio.io/rev=REVISION`. " +
		"Or remove the old control plane (--remove-old): installed without a revision, it claims what has no label.",
	Evaluate: gatewayClaimedOnce,
}}

func gatewayClaimedOnce(f Facts) (Result, string) {
	result, reasons := Pass, []string{}
	for _, g := range f.World.Contested {
		if !slices.Contains(g.Revisions, f.Revision) {
			continue
		}
		reasons = append(reasons, claimedBy(g))
		switch {
		case g.Unread == "":
			result = Fail
		case result == Pass:
			result = Warn
		}
	}
	if len(reasons) > maxListed {
		reasons = append(reasons[:maxListed], fmt.Sprintf("and %d more", len(reasons)-maxListed))
	}
	return result, strings.Join(reasons, "; ")
}

// claimedBy describes a Gateway that several revisions claim.
func claimedBy(g mesh.ContestedGateway) string {
	text := fmt.Sprintf("%s is claimed by %s: each re-creates its pods in turn", g, strings.Join(g.Revisions, " and "))
	if g.Unread != "" {
		text += " (unless its own label names one of them: " + g.Unread + ")"
	}
	return text
}
