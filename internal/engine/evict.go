// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"fmt"
	"strings"

	"github.com/rerig/rerig/internal/step"
	"github.com/rerig/rerig/internal/verify"
)

// evict ends pods that serve nobody and are in the way of putting their workload
// back. A disruption budget may refuse it for as long as it holds.
func (t *turn) evict(ctx context.Context, stage step.Stage) (Outcome, error) {
	for _, s := range stage.Steps {
		pod, _, _ := strings.Cut(s.From, " ")
		if t.overdue(s) {
			return t.fail(ctx, s, verify.Verdict{Check: verify.RolloutDone.Name, Subject: s.Subject, Result: verify.Wait,
				Reason: fmt.Sprintf("pod %s is not ready, keeps the StatefulSet from going on, and cannot be evicted", pod),
				Hint:   "Look at the disruption budgets that select the pod; or delete it by hand: it serves nobody."})
		}
	}
	return t.act(ctx, stage.Steps)
}
