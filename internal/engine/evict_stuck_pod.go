// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"fmt"

	"github.com/rerig/rerig/internal/step"
	"github.com/rerig/rerig/internal/verify"
)

// evictStuckPods evicts pods that never became ready and keep their StatefulSet from
// rolling back. A disruption budget may refuse that until the ready timeout.
func (t *turn) evictStuckPods(ctx context.Context, stage step.Stage) (Outcome, error) {
	for _, s := range stage.Steps {
		if !t.overdue(s) {
			continue
		}
		pod, err := s.Pod()
		if err != nil {
			return "", step.NewFault(s, "%v", err)
		}
		return t.fail(ctx, s, verify.Verdict{
			Check:   verify.RolloutDone.Name,
			Subject: string(s.Subject),
			Result:  verify.Wait,
			Reason:  fmt.Sprintf("pod %s is not ready, blocks the StatefulSet, and cannot be evicted", pod.Name),
			Hint: "Look at the disruption budgets that select the pod (`kubectl get pdb -n " + pod.Namespace +
				"`), or delete the pod: it serves no requests.",
		})
	}
	return t.act(ctx, stage.Steps)
}
