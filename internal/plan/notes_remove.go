// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"fmt"
	"slices"

	"github.com/rerig/rerig/internal/mesh"
)

const (
	HoldsOn         NoteKind = "holds-on"         // what the run does not move, and what keeps the old revision from going
	DefinitionsStay NoteKind = "definitions-stay" // a revision comes back beside the definitions of a newer Istio
)

// holdingOn names, before anything is moved, what would keep a revision from
// being taken away at the end.
func holdingOn(w mesh.World, t Target) []Note {
	var notes []Note
	for _, revision := range t.Remove {
		text := "keeps revision " + revision + " from being taken away: the run will hold there until it is moved or gone"
		for _, wl := range w.Workloads {
			if slices.Contains(wl.Sidecars(), revision) && (wl.Gateway || !t.Policy.Passage(wl).Moves()) {
				notes = append(notes, Note{Kind: HoldsOn, Subject: wl.Key(), Text: text, Evidence: "it runs proxies of " + revision})
			}
		}
		for _, b := range w.Belongings {
			if b.Revision == revision && b.Shared && (b.Kind == "Deployment" || b.Kind == "DaemonSet") {
				notes = append(notes, Note{Kind: HoldsOn, Subject: b.Subject(), Text: text, Evidence: fmt.Sprintf("it bears %s=%s", mesh.RevisionLabel, revision)})
			}
		}
		if r, there := w.Revision(revision); there && r.Wanted == 0 && slices.ContainsFunc(w.Own(revision), func(b mesh.Belonging) bool { return b.Kind == "Deployment" }) {
			notes = append(notes, Note{Kind: HoldsOn, Subject: "revision " + revision, Text: "is scaled to zero, so that nobody says who would be connected to it: the run will hold there until one of its istiods runs, or its Deployment is gone", Evidence: "its Deployment asks for 0 replicas"})
		}
		for _, c := range w.Claims {
			if moved := t.Tags[mesh.DefaultTag] != "" && c.Subject == "ValidatingWebhookConfiguration "+w.Validator.Configuration; w.Names(c.Value, revision) && !moved {
				notes = append(notes, Note{Kind: HoldsOn, Subject: c.Subject, Text: text, Evidence: c.By})
			}
		}
	}
	return notes
}

// returning says what it means that a revision comes back after its removal.
func returning(w mesh.World, t Target) []Note {
	var notes []Note
	if !t.Back {
		return nil
	}
	for _, s := range restores(w, t) {
		notes = append(notes, Note{Kind: DefinitionsStay, Subject: "revision " + s.Subject,
			Text:     "comes back as it was kept, beside Istio's definitions (CRDs) as they are now: these are never taken back to an older Istio. It reads what it knows of them; configuration that uses newer fields keeps them, and this revision does not act on them",
			Evidence: fmt.Sprintf("%d objects, Istio %s", len(w.Lost(s.Subject)), s.To)})
	}
	return notes
}
