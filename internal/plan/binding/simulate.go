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
