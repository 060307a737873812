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
