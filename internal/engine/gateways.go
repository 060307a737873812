// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// gateways freezes gateways that istiod deploys, or ends that, or labels the objects of those
// that istioctl installed. It then pauses, so that every istiod sees the change.
func (t *turn) gateways(ctx context.Context, stage step.Stage) (Outcome, error) {
	if ok, outcome, err := t.waitForControlPlanes(ctx, stage); !ok {
		return outcome, err
	}
	for _, s := range stage.Steps {
		if t.overdue(s) {
			return t.hold(ctx, notPersistentHold(s, t.readyTimeout(), mesh.FieldManager{}))
		}
	}
	if outcome, err := t.act(ctx, stage.Steps); outcome != "" || err != nil {
		return outcome, err
	}
	return "", t.Clock.Sleep(ctx, t.Settle)
}
