// SPDX-License-Identifier: Apache-2.0

package binding

import (
	"maps"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// SimulateLabels predicts the labels of a namespace.
func SimulateLabels(w *mesh.World, s step.Step) {
	b, err := mesh.ParseBinding(s.To)
	if err != nil {
		return
	}
	for i, ns := range w.Namespaces {
		if ns.Name != string(s.Subject) {
			continue
		}
		labels := maps.Clone(ns.Labels)
		setLabel(labels, mesh.InjectionLabel, b.Injection)
		setLabel(labels, mesh.RevisionLabel, b.Revision)
		w.Namespaces[i].Labels = labels
	}
}

func setLabel(labels map[string]string, key string, l mesh.Label) {
	if delete(labels, key); l.Set {
		labels[key] = l.Value
	}
}

// SimulateTemplateLabel predicts the label of a template, without a restart.
func SimulateTemplateLabel(w *mesh.World, s step.Step) {
	for i, wl := range w.Workloads {
		if wl.Ref() == s.Workload() {
			w.Workloads[i].Template.Labels = step.WithRevisionLabel(wl.Template.Labels, s.TemplateLabel)
		}
	}
}

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
