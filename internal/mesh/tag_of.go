// SPDX-License-Identifier: Apache-2.0

package mesh

import "slices"

// TagOf returns the tag that binds a new pod of the template to its revision: a tag's name,
// or DefaultTag for the default. It returns "" if a label names the revision itself, if no
// webhook injects the pod, or if several bindings apply (see BoundThrough). The webhooks'
// selectors decide.
func (w World) TagOf(namespace Namespace, template Template) string {
	if tags := w.BoundThrough(namespace, template); len(tags) == 1 {
		return tags[0]
	}
	return ""
}

// BoundThrough returns all names that bind a new pod of the template to a revision, sorted,
// each once: names of tags, DefaultTag, and "" for a revision's own name.
func (w World) BoundThrough(namespace Namespace, template Template) []string {
	if slices.Contains(neverInjected, namespace.Name) || template.HostNetwork || injectionDisabled(template) {
		return nil
	}
	var tags []string
	for _, h := range w.Webhooks {
		if h.matches(namespace, template) {
			tags = append(tags, w.tagOfWebhook(h))
		}
	}
	return sortedUnique(tags)
}

// tagOfWebhook returns the tag of a webhook. All webhooks of an untagged revision that serves
// the default count as the default, since they move with it: pods and namespaces labelled
// istio.io/rev=default follow.
func (w World) tagOfWebhook(h Webhook) string {
	if h.Tag == "" && w.ServesDefault(h.Configuration) {
		return DefaultTag
	}
	return h.tagName()
}

// ServesDefault reports whether a webhook configuration is that of an untagged revision
// that serves the default.
func (w World) ServesDefault(configuration string) bool {
	return slices.ContainsFunc(w.Webhooks, func(h Webhook) bool {
		return h.Configuration == configuration && h.ServesDefault()
	})
}

// tagName returns the webhook's tag, "" if it serves a revision's own name, and DefaultTag
// if it serves the default for an untagged revision.
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

// TagRevisions returns the revisions that the parts of a tag point to, sorted, each once:
// its webhooks, its Service and, for the default, the validator. More than one means that
// the tag is moved in part, none that it does not exist.
func (w World) TagRevisions(name string) []string {
	var revisions []string
	if t, ok := find(w.Tags, func(t Tag) bool { return t.Name == name }); ok && t.Service != "" {
		revisions = append(revisions, t.Service)
	}
	for _, h := range w.Webhooks {
		if h.Tag == name {
			revisions = append(revisions, h.Revision)
		}
	}
	if name != DefaultTag {
		return sortedUnique(revisions)
	}
	if v := w.Validator; v.Configuration != "" {
		revisions = append(revisions, v.Revision)
	}
	for _, h := range w.Webhooks {
		if h.ServesDefault() {
			revisions = append(revisions, h.Revision)
		}
	}
	return sortedUnique(revisions)
}

// TagInjects reports whether a webhook injects for a tag or for the default.
func (w World) TagInjects(name string) bool {
	return slices.ContainsFunc(w.Webhooks, func(h Webhook) bool {
		return h.Tag == name || name == DefaultTag && h.ServesDefault()
	})
}

// ServesDefault reports whether a webhook of an untagged revision serves the default.
func (h Webhook) ServesDefault() bool {
	return h.Tag == "" && h.tagName() == DefaultTag && !h.Namespaces.neverMatches()
}

// NeverLabel is the label that istioctl and Rerig select by so that a webhook matches
// nothing: util.NeverMatch in istioctl/pkg/util/common.go @1.29.1.
const NeverLabel = "istio.io/deactivated"

// neverMatches reports whether the selector is deactivated by NeverLabel.
func (s Selector) neverMatches() bool {
	return slices.ContainsFunc(s, func(r Requirement) bool { return r.Key == NeverLabel })
}
