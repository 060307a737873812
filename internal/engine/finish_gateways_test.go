// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"testing"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// A run does not end while its revision and another one re-create the same Gateway in turn.
// It ends once the Gateway has a label.
func TestContestedGatewayHoldsTheEnd(t *testing.T) {
	t.Parallel()
	f := newUpgrade()
	f.world.Contested = []mesh.ContestedGateway{{Namespace: "a", Name: "edge", Revisions: []string{"1-31-0", "default"}}}
	expect(t, f, Held)
	wantHold(t, f, step.Hold{Reason: step.ReasonCheckFailed, Subject: "1-31-0", Message: "Gateway a/edge is claimed by 1-31-0 and default",
		Hint: "`kubectl label gateway -n a edge istio.io/rev=1-31-0`"})
	wantSidecars(t, f, allNew)
	f.world.Contested = nil
	expect(t, f, Completed)
}

// What other revisions contest, or may not be read, does not hold the run.
func TestOtherContestedGatewaysHoldNothing(t *testing.T) {
	t.Parallel()
	f := newUpgrade()
	f.world.Contested = []mesh.ContestedGateway{
		{Namespace: "a", Name: "edge", Revisions: []string{"1-30-0", "default"}},
		{Namespace: "b", Name: "edge", Revisions: []string{"1-31-0", "default"}, Unread: "Gateways may not be listed"},
	}
	expect(t, f, Completed)
	f.world.Contested[0].Revisions[0] = "1-31-0"
	f.intent.Rollback = true
	expect(t, f, RolledBack)
}
