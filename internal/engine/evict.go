// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"fmt"
	"strings"

	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/verify"
)

// evict ends pods that serve nobody and are in the way of putting their workload
// back. A disruption budget may refuse it for as long as it holds.
func (t *turn) evict(ctx context.Context, s plan.Stage) (Outcome, error) {
	for _, step := range s.Steps {
		pod, _, _ := strings.Cut(step.From, " ")
		if t.overdue(step) {
			return t.fail(ctx, step, verify.Verdict{Check: verify.RolloutDone.Name, Subject: step.Subject, Result: verify.Wait,
				Reason: fmt.Sprintf("pod %s is not ready, keeps the StatefulSet from going on, and cannot be evicted", pod),
				Hint:   "Look at the disruption budgets that select the pod; or delete it by hand: it serves nobody."})
		}
	}
	return t.act(ctx, s.Steps)
}
