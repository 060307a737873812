// SPDX-License-Identifier: Apache-2.0

package binding

import (
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// LabelSteps returns the namespaces of a wave that do not have the labels of the target.
func LabelSteps(w mesh.World, t step.Target, g step.Wave) []step.Step {
	var steps []step.Step
	for _, name := range g.Namespaces {
		ns, ok := w.Namespace(name)
		if from := bindingAtStart(t, w, ns); ok && !fulfilled(t, w, name, from) {
			steps = append(steps, step.Step{
				Kind: step.Label, Wave: g.Number, Subject: step.Subject(name),
				From: from.String(), To: t.Bindings[name].String(), By: ns.ManagedBy,
			})
		}
	}
	return steps
}

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

// Labelled reports whether the namespace's own labels ask for injection.
func Labelled(ns mesh.Namespace) bool {
	b := ns.Binding()
	if b.Injection.Set {
		return b.Injection.Value == "enabled"
	}
	return b.Revision.Set
}

// InjectedBy returns the revision that injects into a namespace by its labels alone:
// several are joined with "+", none is "".
func InjectedBy(w mesh.World, ns mesh.Namespace) string {
	return mesh.JoinRevisions(w.Injectors(ns, mesh.Template{}))
}
