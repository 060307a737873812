// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rerig/rerig/internal/mesh"
)

// requireGateway fails unless the gateway is deployed by istiod again, its Gateway has no
// label of its own, and its move has left nothing.
func requireGateway(t *testing.T, f *fake, at int, revision string) {
	t.Helper()
	wl, _ := f.world.Workload(gatewayRef)
	if got := mesh.JoinRevisions(wl.Sidecars()); got != revision || wl.Template.Deployed() != revision || len(wl.Pods) != wl.Replicas {
		t.Fatalf("crash at call %d: got %d pods of %s by a template of %s, want %d of %s", at, len(wl.Pods), got, wl.Template.Deployed(),
			wl.Replicas, revision)
	}
	want := mesh.APIGatewayObject{Name: wl.Name}
	if diff := cmp.Diff(want, wl.APIGateway); diff != "" || wl.Held.Holds() || f.leftovers() != nil {
		t.Fatalf("crash at call %d: Gateway (-want +got):\n%s held: %t, left: %v", at, diff, wl.Held.Holds(), f.leftovers())
	}
}

// Killed after any call, the move of a gateway that istiod deploys ends the same.
func TestAPIGatewaySurvivesAnyCrash(t *testing.T) {
	t.Parallel()
	for n := 1; ; n++ {
		f := apiGatewayUpgrade()
		killed := f.crashAndComplete(t, n)
		requireGateway(t, f, n, "1-31-0")
		if !killed {
			return
		}
	}
}

// Killed after any call and rolled back, and killed again there, its old pods serve.
func TestAPIGatewayRollsBackAfterAnyCrash(t *testing.T) {
	t.Parallel()
	for n := 1; ; n++ {
		f := apiGatewayUpgrade()
		killed := f.crashAndRollBack(t, n)
		requireGateway(t, f, n, "1-29-1")
		if !killed {
			return
		}
	}
}
