// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"

	"github.com/rerig/rerig/internal/mesh"
)

const (
	Differs   NoteKind = "differs"     // a setting of the new control plane that the old one has otherwise
	SeenByFew NoteKind = "seen-by-few" // configuration that is bound to a revision by its label
	FilterOff NoteKind = "filter-off"  // an EnvoyFilter that the new proxies' version does not match
)

// Compared returns what two control planes do not share, and the configuration
// that a move makes vanish or leaves behind. What the user has set himself comes
// first.
func Compared(w mesh.World, s mesh.Setups, t Target, olds []string) []Note {
	var notes []Note
	if r, there := w.Revision(t.Revision); there {
		t.Version = cmp.Or(t.Version, r.Version)
	}
	is, there := s.Plane(t.Revision)
	if there {
		notes = append(notes, unread(is)...)
	}
	for _, name := range olds {
		was, known := s.Plane(name)
		if !there || !known {
			continue
		}
		notes = append(notes, unread(was)...)
		for _, d := range is.Against(was) {
			notes = append(notes, Note{Kind: Differs, Subject: string(d.Group) + ": " + d.Key, Evidence: unset(d.Old) + " -> " + unset(d.New),
				Text: fmt.Sprintf("is not the same in revision %s as in revision %s, and Rerig did not ask for that: go on if you mean it", t.Revision, name)})
		}
	}
	for _, c := range s.Configs {
		notes = append(notes, hidden(c, t, olds)...)
		notes = append(notes, unmatched(c, t)...)
	}
	return notes
}

// unread is a control plane that was compared without what decides who is part of
// its mesh.
func unread(s mesh.Setup) []Note {
	if s.TrustDomain != "" {
		return nil
	}
	return []Note{{Kind: Differs, Subject: string(mesh.MeshConfig) + " of revision " + s.Revision,
		Text: "was not found: whether its trust domain and its discoverySelectors are those of the other control plane is not known"}}
}

func unset(v string) string {
	if v == "" {
		return "(not set)"
	}
	return v
}

// hidden is configuration that only a revision sees: pitfalls of moving away from
// it, or of adopting it by a move.
func hidden(c mesh.Config, t Target, olds []string) []Note {
	if c.Revision == "" || c.Revision == t.Revision {
		return nil
	}
	text := "is seen by revision " + c.Revision + " alone: for what is moved it vanishes, unless its label is taken away or a copy is made for the new revision"
	if !slices.Contains(olds, c.Revision) {
		text = "is seen by " + c.Revision + " alone, which is not the new revision's name"
	}
	return []Note{{Kind: SeenByFew, Subject: c.Subject, Text: text, Evidence: "label istio.io/rev=" + c.Revision}}
}

// unmatched is a filter for versions of proxies that the new one is none of.
func unmatched(c mesh.Config, t Target) []Note {
	var notes []Note
	for _, expression := range c.Proxies {
		match, err := regexp.Compile(expression)
		if t.Version != "" && (err != nil || !match.MatchString(t.Version)) {
			notes = append(notes, Note{Kind: FilterOff, Subject: c.Subject, Evidence: "proxyVersion " + expression,
				Text: "has a part that proxies of " + t.Version + " do not get, without a word: look whether it is still wanted"})
		}
	}
	return notes
}
