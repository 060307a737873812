// SPDX-License-Identifier: Apache-2.0

package binding

import (
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// SimulateTag predicts the move of every part of a tag. Where an untagged revision serves
// the default, all webhooks of that revision move.
func SimulateTag(w *mesh.World, s step.Step) {
	tagged := false
	for i, t := range w.Tags {
		if t.Name == string(s.Subject) {
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
		if h.Tag == string(s.Subject) || !tagged && s.Subject == mesh.DefaultTag && h.Tag == "" && w.ServesDefault(h.Configuration) {
			w.Webhooks[i].Revision = s.To
		}
	}
}
