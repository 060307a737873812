// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"slices"

	"github.com/rerig/rerig/internal/plan"
)

// readied has looks tell what a swap needs to know where the run may swap, and
// what a removal does where the run takes a revision away, or may have taken one
// away before it was turned around; that it may be read is seen first.
func (r *run) readied(ctx context.Context, h home) error {
	begun := slices.ContainsFunc(r.ledger.Approved, func(s plan.Step) bool { return s.Kind == plan.Swap || s.Kind == plan.Retire })
	h.Swapping(begun || r.intent.Policy.Swaps())
	approved := slices.ContainsFunc(r.ledger.Approved, func(s plan.Step) bool { return s.Kind == plan.Remove })
	if !r.Spec.RemoveOld && !approved {
		h.Removing("")
		return nil
	}
	h.Removing(r.Name)
	return permitted(ctx, h, looking, nil)
}

// glimpsed does the same for who only looks: what may not be read of a removal is
// left out, and the error says why.
func (r *run) glimpsed(ctx context.Context, h home) error {
	err := r.readied(ctx, h)
	if err != nil {
		h.Removing("")
	}
	return err
}
