// SPDX-License-Identifier: Apache-2.0

// Package advice says what somebody should know before approving a plan: notes on
// namespaces, workloads, gateways, tags and rules.
package advice

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// Compare returns the settings in which the new control plane differs from the old ones,
// values that the user set first, and configuration that moved proxies no longer get.
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
		notes = append(notes, differences(is, was)...)
	}
	for _, c := range s.Configs {
		if w.ConfigOfOtherMesh(c) {
			continue
		}
		notes = append(notes, seenByOne(c, t, olds)...)
		notes = append(notes, filtersNotMatched(c, t)...)
	}
	return notes
}

// differences notes the settings that a control plane loses, and those in which it
// differs otherwise from an older one.
func differences(is, was mesh.ControlPlane) []step.Note {
	var notes []step.Note
	list := is.DifferencesFrom(was)
	for _, d := range list {
		n := step.Note{
			Kind: step.Differs, Subject: d.Subject(), Evidence: unset(d.Old) + " -> " + unset(d.New),
			Text: fmt.Sprintf("differs between revision %s and revision %s, not by Rerig: continue if this is intended", is.Revision, was.Revision),
		}
		if d.Lost() {
			n.Kind = step.LostSetting
			n.Text = fmt.Sprintf("is set in revision %s and not in revision %s", was.Revision, is.Revision)
			n.Remedy = "set it in the file, or the values, of revision " + is.Revision + ", or approve the plan if the mesh no longer needs it"
			if setByValue(d, list) {
				continue
			}
		}
		notes = append(notes, n)
	}
	return notes
}

// setByValue reports whether a lost setting is the effect of a lost value, which names
// what to set.
func setByValue(d mesh.Difference, list []mesh.Difference) bool {
	value := map[mesh.SettingGroup]string{mesh.MeshConfig: "meshConfig.", mesh.Environment: "env."}[d.Group]
	return value != "" && slices.ContainsFunc(list, func(o mesh.Difference) bool {
		return o.Group == mesh.UserValues && o.Lost() && o.Key == value+d.Key
	})
}

// unread notes a control plane whose mesh configuration could not be read.
func unread(s mesh.ControlPlane) []step.Note {
	if s.TrustDomain != "" {
		return nil
	}
	return []step.Note{{Kind: step.Differs, Subject: string(mesh.MeshConfig) + " of revision " + s.Revision,
		Text: "was not found: its trust domain and discoverySelectors could not be compared"}}
}

func unset(v string) string {
	if v == "" {
		return "(not set)"
	}
	return v
}

// seenByOne notes configuration that only one other revision reads.
func seenByOne(c mesh.PartialConfig, t step.Target, olds []string) []step.Note {
	if c.Revision == "" || c.Revision == t.Revision {
		return nil
	}
	text := "is read by revision " + c.Revision + " only: moved workloads no longer get it"
	remedy := "remove its label, or create a copy for the new revision"
	if !slices.Contains(olds, c.Revision) {
		text, remedy = "is read by "+c.Revision+" only, which is not the name of the new revision", ""
	}
	return []step.Note{{
		Kind:     step.SeenByOneRevision,
		Subject:  c.Subject,
		Text:     text,
		Evidence: "label istio.io/rev=" + c.Revision,
		Remedy:   remedy,
	}}
}

// filtersNotMatched notes an EnvoyFilter whose proxyVersion does not match the new version.
func filtersNotMatched(c mesh.PartialConfig, t step.Target) []step.Note {
	var notes []step.Note
	for _, expression := range c.Proxies {
		match, err := regexp.Compile(expression)
		if t.Version != "" && (err != nil || !match.MatchString(t.Version)) {
			notes = append(notes, step.Note{
				Kind:     step.FilterNotMatched,
				Subject:  c.Subject,
				Text:     "has a patch that is silently not applied to proxies of " + t.Version,
				Evidence: "proxyVersion " + expression,
				Remedy:   "check whether it is still needed",
			})
		}
	}
	return notes
}
