// SPDX-License-Identifier: Apache-2.0

package binding

import (
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// RenderLabels renders the labels of a namespace. The write is conditional on the binding
// that was observed.
func RenderLabels(s step.Step) (step.Change, error) {
	from, err := mesh.ParseBinding(s.From)
	if err != nil {
		return step.Change{}, err
	}
	to, err := mesh.ParseBinding(s.To)
	if err != nil {
		return step.Change{}, err
	}
	labels := map[string]any{}
	changeLabel(labels, mesh.InjectionLabel, from.Injection, to.Injection)
	changeLabel(labels, mesh.RevisionLabel, from.Revision, to.Revision)
	body := map[string]any{"metadata": map[string]any{"labels": labels}}
	return step.MergePatch("Namespace", "", string(s.Subject), s.From, body)
}

// changeLabel adds a key to the patch only where it changes; nil deletes the label.
func changeLabel(labels map[string]any, key string, from, to mesh.Label) {
	switch {
	case from == to:
	case to.Set:
		labels[key] = to.Value
	default:
		labels[key] = nil
	}
}
