// SPDX-License-Identifier: Apache-2.0

package advice

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// Compare returns what two control planes do not share, and the configuration
// that a move makes vanish or leaves behind. What the user has set himself comes
// first.
func Compare(w mesh.World, s mesh.ControlPlaneSettings, t step.Target, olds []string) []step.Note {
	var notes []step.Note
	if r, there := w.Revision(t.Revision); there {
		t.Version = cmp.Or(t.Version, r.Version)
	}
	is, there := s.ControlPlane(t.Revision)
	if there {
		notes = append(notes, unread(is)...)
	}
	for _, name := range olds {
		was, known := s.ControlPlane(name)
		if !there || !known {
			continue
		}
		notes = append(notes, unread(was)...)
		for _, d := range is.DifferencesFrom(was) {
			notes = append(notes, step.Note{Kind: step.Differs, Subject: string(d.Group) + ": " + d.Key, Evidence: unset(d.Old) + " -> " + unset(d.New),
				Text: fmt.Sprintf("is not the same in revision %s as in revision %s, and Rerig did not ask for that: go on if you mean it", t.Revision, name)})
		}
	}
	for _, c := range s.Configs {
		notes = append(notes, seenByOne(c, t, olds)...)
		notes = append(notes, filtersNotMatched(c, t)...)
	}
	return notes
}

// unread is a control plane that was compared without what decides who is part of
// its mesh.
func unread(s mesh.ControlPlane) []step.Note {
	if s.TrustDomain != "" {
		return nil
	}
	return []step.Note{{Kind: step.Differs, Subject: string(mesh.MeshConfig) + " of revision " + s.Revision,
		Text: "was not found: whether its trust domain and its discoverySelectors are those of the other control plane is not known"}}
}

func unset(v string) string {
	if v == "" {
		return "(not set)"
	}
	return v
}

// seenByOne is configuration that only a revision sees: pitfalls of moving away from
// it, or of adopting it by a move.
func seenByOne(c mesh.PartialConfig, t step.Target, olds []string) []step.Note {
	if c.Revision == "" || c.Revision == t.Revision {
		return nil
	}
	text := "is seen by revision " + c.Revision + " alone: for what is moved it vanishes, unless its label is taken away or a copy is made for the new revision"
	if !slices.Contains(olds, c.Revision) {
		text = "is seen by " + c.Revision + " alone, which is not the new revision's name"
	}
	return []step.Note{{Kind: step.SeenByOneRevision, Subject: c.Subject, Text: text, Evidence: "label istio.io/rev=" + c.Revision}}
}

// filtersNotMatched is a filter for versions of proxies that the new one is none of.
func filtersNotMatched(c mesh.PartialConfig, t step.Target) []step.Note {
	var notes []step.Note
	for _, expression := range c.Proxies {
		match, err := regexp.Compile(expression)
		if t.Version != "" && (err != nil || !match.MatchString(t.Version)) {
			notes = append(notes, step.Note{Kind: step.FilterNotMatched, Subject: c.Subject, Evidence: "proxyVersion " + expression,
				Text: "has a part that proxies of " + t.Version + " do not get, without a word: look whether it is still wanted"})
		}
	}
	return notes
}
