// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
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
		f.crashAt = n
		_, err := f.run()
		f.crashAt = 0
		expect(t, f, Completed)
		requireGateway(t, f, n, "1-31-0")
		if err == nil {
			return
		}
	}
}

// Killed after any call and rolled back, and killed again there, its old pods serve.
func TestAPIGatewayRollsBackAfterAnyCrash(t *testing.T) {
	t.Parallel()
	for n := 1; ; n++ {
		f := apiGatewayUpgrade()
		before := f.podUIDs()
		f.crashAt = n
		_, err := f.run()
		deleted := slices.ContainsFunc(f.writes, func(c step.Change) bool { return c.Verb == step.DeleteParkedPod && c.Kind == "Pod" })
		f.intent.Rollback = true
		f.crashAt = f.calls + n%37
		_, _ = f.run()
		f.crashAt = 0
		expect(t, f, RolledBack)
		requireGateway(t, f, n, "1-29-1")
		if diff := cmp.Diff(before, f.podUIDs()); diff != "" && !deleted {
			t.Fatalf("crash at call %d: pods (-before +after):\n%s", n, diff)
		}
		if err == nil {
			return
		}
	}
}
