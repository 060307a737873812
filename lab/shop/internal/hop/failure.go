// SPDX-License-Identifier: Apache-2.0

// Package hop is one step of a request, from one service to the next, and the name that the step has when it fails.
package hop

import (
	"errors"
	"fmt"
	"strings"
)

// Failure is a step that failed. The place of a failure is To: the service that should have answered, behind
// whatever proxies stand between the two.
type Failure struct {
	From, To string
	// What was seen instead of the answer.
	What string
	// Wrong is true where there was an answer, and it was not the one that is right: let in where it should
	// have been refused, refused where it should have been let in, or answered by the wrong version.
	Wrong bool
}

// Hop names the step: "cart -> rates".
func (f *Failure) Hop() string { return f.From + " -> " + f.To }

func (f *Failure) Error() string { return f.Hop() + ": " + f.What }

// NewFailure is the failure of the step from one service to another, unless the error already is one of a step
// further along: the deepest step is the one that tells where it happened.
func NewFailure(from, to string, err error) *Failure {
	var deeper *Failure
	if errors.As(err, &deeper) {
		return deeper
	}
	return &Failure{From: from, To: to, What: err.Error()}
}

// NewWrongAnswer is an answer that should not have been given.
func NewWrongAnswer(from, to, format string, args ...any) *Failure {
	return &Failure{From: from, To: to, What: fmt.Sprintf(format, args...), Wrong: true}
}

// parse reads a step's name back; ok is false when it isn't one.
func parse(hop string) (from, to string, ok bool) {
	from, to, ok = strings.Cut(hop, " -> ")
	return from, to, ok && from != "" && to != ""
}
