// SPDX-License-Identifier: Apache-2.0

package mesh

import "slices"

// Through returns the tag by which a new pod with these labels would come to its
// revision: a tag's name, DefaultTag when the default chooses for it, and "" when
// a label names the revision itself, nobody injects, or more than one of these
// speaks at once (see Ways). Only the live selectors decide.
func (w World) Through(namespace Namespace, template Template) string {
	if ways := w.Ways(namespace, template); len(ways) == 1 {
		return ways[0]
	}
	return ""
}

// Ways returns all by which a new pod with these labels would come to a revision,
// sorted, each once: names of tags, DefaultTag, and "" for a revision's own name.
func (w World) Ways(namespace Namespace, template Template) []string {
	if slices.Contains(never, namespace.Name) || template.HostNetwork || optedOut(template) {
		return nil
	}
	var ways []string
	for _, h := range w.Webhooks {
		if h.Namespaces.Matches(namespace.Labels) && h.Objects.Matches(template.Labels) {
			ways = append(ways, w.through(h))
		}
	}
	return distinct(ways)
}

// through is a webhook's own way. Where an untagged revision serves the default,
// its name is moved with it, by all the webhooks of that configuration: what is
// labelled istio.io/rev=default follows.
func (w World) through(h Webhook) string {
	if h.Tag == "" && w.ServesDefault(h.Configuration) {
		return DefaultTag
	}
	return h.through()
}

// ServesDefault reports whether a configuration is that of an untagged revision
// which serves the default.
func (w World) ServesDefault(configuration string) bool {
	return slices.ContainsFunc(w.Webhooks, func(h Webhook) bool { return h.Configuration == configuration && h.Default() })
}

// through tells a webhook that serves a revision's own name from one of a tag,
// and from those of an untagged revision that serve the default.
func (h Webhook) through() string {
	if h.Tag != "" {
		return h.Tag
	}
	named := func(s Selector) bool {
		return slices.ContainsFunc(s, func(r Requirement) bool { return r.Key == RevisionLabel && r.Operator == In })
	}
	if named(h.Namespaces) || named(h.Objects) {
		return ""
	}
	return DefaultTag
}

// TagAt returns the revisions that the parts of a tag point to, sorted, each
// once: its webhooks, its Service, and of the default the validator too. More
// than one means that it was moved by halves, none that nobody bears it.
func (w World) TagAt(name string) []string {
	var at []string
	if t, ok := find(w.Tags, func(t Tag) bool { return t.Name == name }); ok && t.Service != "" {
		at = append(at, t.Service)
	}
	for _, h := range w.Webhooks {
		if h.Tag == name {
			at = append(at, h.Revision)
		}
	}
	if name != DefaultTag {
		return distinct(at)
	}
	if v := w.Validator; v.Configuration != "" {
		at = append(at, v.Revision)
	}
	for _, h := range w.Webhooks {
		if h.Default() {
			at = append(at, h.Revision)
		}
	}
	return distinct(at)
}

// Tagged reports whether a webhook injects by a tag, or by the default.
func (w World) Tagged(name string) bool {
	return slices.ContainsFunc(w.Webhooks, func(h Webhook) bool { return h.Tag == name || name == DefaultTag && h.Default() })
}

// Default reports whether a webhook of an untagged revision serves the default.
func (h Webhook) Default() bool {
	return h.Tag == "" && h.through() == DefaultTag && !h.Namespaces.neverMatches()
}

// NeverLabel is the label that istioctl, and we, select by where a webhook shall
// match nothing any more: util.NeverMatch in istioctl/pkg/util/common.go @1.29.1.
const NeverLabel = "istio.io/deactivated"

// neverMatches reports whether the selector was made to match nothing.
func (s Selector) neverMatches() bool {
	return slices.ContainsFunc(s, func(r Requirement) bool { return r.Key == NeverLabel })
}
