// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"maps"

	"github.com/rerig/rerig/internal/mesh"
)

// retagged points every part of a tag at another revision; of the default that
// an untagged revision serves, all the webhooks of that revision.
func retagged(w *mesh.World, s Step) {
	tagged := false
	for i, t := range w.Tags {
		if t.Name == s.Subject {
			w.Tags[i].Revision, tagged = s.To, true
			if t.Service != "" {
				w.Tags[i].Service = s.To
			}
		}
	}
	if s.Subject == mesh.DefaultTag && w.Validator.Configuration != "" {
		w.Validator.Revision = s.To
	}
	for i, h := range w.Webhooks {
		if h.Tag == s.Subject || !tagged && s.Subject == mesh.DefaultTag && h.Tag == "" && w.ServesDefault(h.Configuration) {
			w.Webhooks[i].Revision = s.To
		}
	}
}

// repinned is a template's labels with another label istio.io/rev.
func repinned(labels map[string]string, label string) map[string]string {
	labels = maps.Clone(labels)
	if labels == nil {
		labels = map[string]string{}
	}
	if delete(labels, mesh.RevisionLabel); label != unpinned {
		labels[mesh.RevisionLabel] = label
	}
	return labels
}
