// SPDX-License-Identifier: Apache-2.0

package engine

import "github.com/rerig/rerig/internal/step"

// stepIndex finds the steps that are left without a search through all of them.
type stepIndex struct {
	left map[stepKey]bool
}

type stepKey struct {
	kind    step.Kind
	wave    int
	subject step.Subject
}

// isLeft reports whether a step of that kind is left for the subject. It builds the
// turn's index when it is first called.
func (t *turn) isLeft(kind step.Kind, wave int, subject step.Subject) bool {
	if t.steps.left == nil {
		t.steps.left = map[stepKey]bool{}
		for _, stage := range t.stages {
			for _, s := range stage.Steps {
				t.steps.left[stepKey{kind: s.Kind, wave: s.Wave, subject: s.Subject}] = true
			}
		}
	}
	return t.steps.left[stepKey{kind: kind, wave: wave, subject: subject}]
}

// stepsOf returns the steps of one stage; none if nothing of it is left.
func (t *turn) stepsOf(kind step.Kind, wave int) []step.Step {
	for _, stage := range t.stages {
		if stage.Wave == wave && stage.Kind == kind {
			return stage.Steps
		}
	}
	return nil
}
