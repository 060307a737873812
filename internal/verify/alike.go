// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/rerig/rerig/internal/mesh"
)

// Alike are the checks of a new control plane beside the ones that it takes over
// from: what breaks stops the run before anything is moved, what merely differs is
// shown.
var Alike = []Check{
	{"trust-domain", "Both control planes give identities of the same trust domain.",
		"Set meshConfig.trustDomain of the new revision to that of the old one (or name the old one in trustDomainAliases and move on knowingly in a way of your own): across two trust domains authorization policies refuse.", sameDomain},
	{"discovery-selectors", "The new control plane sees each namespace that is moved to it.",
		"Give the new revision the discoverySelectors of the old one, or label the namespace so that they select it: what a control plane does not see has no endpoints there.", discovers},
	{"root-in-namespaces", "Each namespace that is moved holds the mesh's root certificate, without which no sidecar starts.",
		"istiod writes the ConfigMap istio-ca-root-cert into each namespace that it sees: look at its log, at its discoverySelectors, and at what else may delete it.", rooted},
	{"definitions-new-enough", "Istio's definitions (CRDs) are those of the new version.",
		"Apply the definitions of the new version first (`helm upgrade istio-base`, or the install by istioctl): fields that they do not know are dropped.", defined},
	{"configured-alike", "The new control plane is set up as the old one was.",
		"Somebody changed the old one, or the new one was installed from other values: carry over what you meant, or go on if you mean the difference.", alike},
}

// olds are the setups of the control planes that the new one takes over from.
func olds(f Facts) []mesh.Setup {
	var list []mesh.Setup
	for _, name := range f.Olds {
		if s, ok := f.Setups.Plane(name); ok {
			list = append(list, s)
		}
	}
	return list
}

func sameDomain(f Facts) (Result, string) {
	s, there := f.Setups.Plane(f.Revision)
	var unread []string
	if there && s.TrustDomain == "" {
		unread = append(unread, s.Revision)
	}
	for _, old := range olds(f) {
		if old.TrustDomain == "" {
			unread = append(unread, old.Revision)
		}
		if s.TrustDomain != old.TrustDomain && s.TrustDomain != "" && old.TrustDomain != "" {
			return Fail, fmt.Sprintf("revision %s has the trust domain %s, revision %s has %s", f.Revision, s.TrustDomain, old.Revision, old.TrustDomain)
		}
	}
	if len(unread) > 0 {
		return Warn, "no mesh configuration was found, and so neither trust domain nor discoverySelectors, of revision " + strings.Join(unread, ", ")
	}
	return Pass, ""
}

func discovers(f Facts) (Result, string) {
	s, _ := f.Setups.Plane(f.Revision)
	for name := range sortedKeys(f.Setups.Rooted) {
		ns, _ := f.World.Namespace(name)
		sees := func(x mesh.Selector) bool { return x.Matches(ns.Labels) }
		if len(s.Discovery) > 0 && !slices.ContainsFunc(s.Discovery, sees) {
			return Fail, fmt.Sprintf("the discoverySelectors of revision %s do not select namespace %s", f.Revision, name)
		}
	}
	return Pass, ""
}

func rooted(f Facts) (Result, string) {
	s, _ := f.Setups.Plane(f.Revision)
	for name := range sortedKeys(f.Setups.Rooted) {
		if !f.Setups.Rooted[name] && !s.Bundled {
			return Wait, fmt.Sprintf("namespace %s has no ConfigMap istio-ca-root-cert", name)
		}
	}
	return Pass, ""
}

func defined(f Facts) (Result, string) {
	r, _ := f.World.Revision(f.Revision)
	version := cmp.Or(f.Version, r.Version)
	var others []string
	for _, v := range f.Setups.Definitions {
		if version != "" && strings.TrimPrefix(v, "v") != strings.TrimPrefix(version, "v") {
			others = append(others, v)
		}
	}
	if len(others) > 0 {
		return Warn, fmt.Sprintf("Istio's definitions are of %s, revision %s is of %s", strings.Join(others, ", "), f.Revision, version)
	}
	return Pass, ""
}

func alike(f Facts) (Result, string) {
	s, _ := f.Setups.Plane(f.Revision)
	var lines []string
	for _, old := range olds(f) {
		for _, d := range s.Against(old) {
			lines = append(lines, fmt.Sprintf("%s %s%s", d.Group, d.Key, brief(d)))
		}
	}
	if len(lines) == 0 && len(f.Setups.Unknown) > 0 {
		return Warn, "not compared, since it may not be read: " + strings.Join(f.Setups.Unknown, ", ")
	}
	if len(lines) == 0 {
		return Pass, ""
	}
	more := ""
	if len(lines) > most {
		more = fmt.Sprintf("; and %d more", len(lines)-most)
	}
	return Warn, fmt.Sprintf("%d settings of revision %s differ (`rerig plan` shows how): %s%s", len(lines), f.Revision, strings.Join(lines[:min(most, len(lines))], "; "), more)
}

// brief says how a setting differs, where that is short: of a digest nobody learns
// anything.
func brief(d mesh.Difference) string {
	if text := change(d); len(text) <= 40 && !strings.Contains(text, "sha256") {
		return ": " + text
	}
	return ""
}

// change says how a setting differs.
func change(d mesh.Difference) string {
	quoted := func(v string) string {
		if v == "" {
			return "(not set)"
		}
		return v
	}
	return quoted(d.Old) + " -> " + quoted(d.New)
}

// sortedKeys go through a map in the order of its keys.
func sortedKeys[V any](m map[string]V) func(func(string) bool) {
	return func(yield func(string) bool) {
		keys := make([]string, 0, len(m))
		for k := range m {
			keys = append(keys, k)
		}
		slices.Sort(keys)
		for _, k := range keys {
			if !yield(k) {
				return
			}
		}
	}
}
