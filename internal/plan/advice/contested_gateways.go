// SPDX-License-Identifier: Apache-2.0

package advice

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// ContestedGateways notes the Gateways of the Gateway API that several revisions claim, and
// that those without a label will be claimed by two: an istiod that was installed without a
// revision claims them as long as it runs, whatever the default is.
func ContestedGateways(w mesh.World, t step.Target) []step.Note {
	var notes []step.Note
	for _, g := range w.Contested {
		text, evidence := "is claimed by more than one revision: each re-creates its pods in turn", strings.Join(g.Revisions, " and ")
		if g.Unread != "" {
			evidence += ", unless its own label names one of them: " + g.Unread
		}
		notes = append(notes, step.Note{Kind: step.GatewayContested, Subject: g.String(), Text: text, Evidence: evidence,
			Remedy: OneClaim([]mesh.ContestedGateway{g}, cmp.Or(t.Revision, g.Revisions[0]))})
	}
	unnamed, there := w.Revision(mesh.DefaultRevision)
	to := defaultAtTheEnd(w, t)
	if !there || !w.GatewayAPI || unnamed.Replicas+len(unnamed.Istiods) == 0 || to == "" || to == mesh.DefaultRevision ||
		slices.Contains(t.Remove, mesh.DefaultRevision) {
		return notes
	}
	return append(notes, step.Note{
		Kind: step.GatewayContested, Subject: "revision " + mesh.DefaultRevision, Evidence: "the default is " + to,
		Text: "was installed without a revision, and claims each Gateway without a label as long as it runs, beside the default " +
			"revision: the two re-create its pods in turn",
		Remedy: fmt.Sprintf("label each Gateway when it is created, %s=%s; or remove the old control plane (--remove-old)",
			mesh.RevisionLabel, to),
	})
}

// defaultAtTheEnd returns the revision of the default once the target is reached, "" where
// no tag serves it.
func defaultAtTheEnd(w mesh.World, t step.Target) string {
	if to, moves := t.Tags[mesh.DefaultTag]; moves {
		return to
	}
	for _, tag := range w.Tags {
		if tag.Name == mesh.DefaultTag {
			return tag.Revision
		}
	}
	return ""
}

// OneClaim says how to give Gateways to one revision.
func OneClaim(gateways []mesh.ContestedGateway, revision string) string {
	const shown = 8
	var commands []string
	for _, g := range gateways[:min(shown, len(gateways))] {
		commands = append(commands, "`"+g.LabelCommand(revision)+"`")
	}
	if more := len(gateways) - shown; more > 0 {
		commands = append(commands, fmt.Sprintf("and %d more", more))
	}
	return "give each Gateway to one revision (" + strings.Join(commands, ", ") + "), or remove the other control plane"
}
