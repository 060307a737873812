// SPDX-License-Identifier: Apache-2.0

// Package hop describes one hop of a request, from one service to the next, and its failures.
package hop

import (
	"errors"
	"fmt"
	"strings"
)

// Failure is a failed hop. The failure's place is To: the service that should have answered,
// including the proxies in between.
type Failure struct {
	From, To string
	// What was observed instead of the answer.
	What string
	// Wrong means that there was an answer, but not the right one: allowed instead of denied,
	// denied instead of allowed, or from the wrong version.
	Wrong bool
}

// Hop returns the name of the hop: "cart -> rates".
func (f *Failure) Hop() string { return f.From + " -> " + f.To }

func (f *Failure) Error() string { return f.Hop() + ": " + f.What }

// NewFailure returns the failure of a hop. If err already contains the failure of a later hop, it
// returns that one: the last hop shows where the request failed.
func NewFailure(from, to string, err error) *Failure {
	var later *Failure
	if errors.As(err, &later) {
		return later
	}
	return &Failure{From: from, To: to, What: err.Error()}
}

// NewWrongAnswer returns the failure of a hop that answered wrongly.
func NewWrongAnswer(from, to, format string, args ...any) *Failure {
	return &Failure{From: from, To: to, What: fmt.Sprintf(format, args...), Wrong: true}
}

// parse splits the name of a hop. ok is false if it is none.
func parse(hop string) (from, to string, ok bool) {
	from, to, ok = strings.Cut(hop, " -> ")
	return from, to, ok && from != "" && to != ""
}
