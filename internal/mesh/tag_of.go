// SPDX-License-Identifier: Apache-2.0

package mesh

import "slices"

// TagOf returns the tag by which a new pod with these labels would come to its
// revision: a tag's name, DefaultTag when the default chooses for it, and "" when
// a label names the revision itself, nobody injects, or more than one of these
// speaks at once (see Ways). Only the live selectors decide.
func (w World) TagOf(namespace Namespace, template Template) string {
	if ways := w.BoundThrough(namespace, template); len(ways) == 1 {
		return ways[0]
	}
	return ""
}

// BoundThrough returns all by which a new pod with these labels would come to a revision,
// sorted, each once: names of tags, DefaultTag, and "" for a revision's own name.
func (w World) BoundThrough(namespace Namespace, template Template) []string {
	if slices.Contains(neverInjected, namespace.Name) || template.HostNetwork || injectionDisabled(template) {
		return nil
	}
	var ways []string
	for _, h := range w.Webhooks {
		if h.Namespaces.Matches(namespace.Labels) && h.Objects.Matches(template.Labels) {
			ways = append(ways, w.tagOfWebhook(h))
		}
	}
	return sortedUnique(ways)
}

// tagOfWebhook is a webhook's own way. Where an untagged revision serves the default,
// its name is moved with it, by all the webhooks of that configuration: what is
// labelled istio.io/rev=default follows.
func (w World) tagOfWebhook(h Webhook) string {
	if h.Tag == "" && w.ServesDefault(h.Configuration) {
		return DefaultTag
	}
	return h.tagName()
}

// ServesDefault reports whether a configuration is that of an untagged revision
// which serves the default.
func (w World) ServesDefault(configuration string) bool {
	return slices.ContainsFunc(w.Webhooks, func(h Webhook) bool { return h.Configuration == configuration && h.ServesDefault() })
}

// tagName tells a webhook that serves a revision's own name from one of a tag,
// and from those of an untagged revision that serve the default.
func (h Webhook) tagName() string {
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

// TagRevisions returns the revisions that the parts of a tag point to, sorted, each
// once: its webhooks, its Service, and of the default the validator too. More
// than one means that it was moved by halves, none that nobody bears it.
func (w World) TagRevisions(name string) []string {
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
		return sortedUnique(at)
	}
	if v := w.Validator; v.Configuration != "" {
		at = append(at, v.Revision)
	}
	for _, h := range w.Webhooks {
		if h.ServesDefault() {
			at = append(at, h.Revision)
		}
	}
	return sortedUnique(at)
}

// TagInjects reports whether a webhook injects by a tag, or by the default.
func (w World) TagInjects(name string) bool {
	return slices.ContainsFunc(w.Webhooks, func(h Webhook) bool { return h.Tag == name || name == DefaultTag && h.ServesDefault() })
}

// ServesDefault reports whether a webhook of an untagged revision serves the default.
func (h Webhook) ServesDefault() bool {
	return h.Tag == "" && h.tagName() == DefaultTag && !h.Namespaces.neverMatches()
}

// NeverLabel is the label that istioctl, and we, select by where a webhook shall
// match nothing any more: util.NeverMatch in istioctl/pkg/util/common.go @1.29.1.
const NeverLabel = "istio.io/deactivated"

// neverMatches reports whether the selector was made to match nothing.
func (s Selector) neverMatches() bool {
	return slices.ContainsFunc(s, func(r Requirement) bool { return r.Key == NeverLabel })
}
