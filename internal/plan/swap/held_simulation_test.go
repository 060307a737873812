// SPDX-License-Identifier: Apache-2.0

package swap

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rerig/rerig/internal/mesh"
)

// requireEnd fails unless all pods are on a revision, and nothing is left.
func (s *heldSim) requireEnd(t *testing.T, seed uint64, revision string) {
	t.Helper()
	settle(s)
	if s.fault != "" {
		t.Fatalf("seed %d: got fault %s, want none", seed, s.fault)
	}
	if want := (mesh.RolloutSettings{MaxSurge: "1", ProgressDeadlineSeconds: 600}); s.spec != want || len(s.annotations) > 0 {
		t.Fatalf("seed %d: Deployment (-want +got):\n%s and annotations %v", seed, cmp.Diff(want, s.spec), s.annotations)
	}
	if s.release != nil && (s.release.label != revision || s.release.unfinished) {
		t.Fatalf("seed %d: got release %+v, want %s", seed, *s.release, revision)
	}
	for _, p := range s.pods {
		if p.rev != revision || len(p.annotations) > 0 || len(s.pods) != s.wanted || s.keeper || !p.endpoint {
			t.Fatalf("seed %d: got pods %v and keeper %t, want %d pods of %s that serve", seed, s.names(), s.keeper, s.wanted, revision)
		}
	}
}

// A held rollout that is crashed at any point ends on the new revision, without a serving
// pod that ends.
func TestHeldRolloutEnds(t *testing.T) {
	t.Parallel()
	crowded := 0
	for seed := range uint64(300) {
		s := newHeldSim(seed, 1+int(seed%3))
		s.trace = os.Getenv("SEED") == fmt.Sprint(seed)
		s.crashAlways = seed%10 == 9
		runToEnd(t, s, heldTarget(false), true)
		s.requireEnd(t, seed, "new")
		if s.crowded && !s.crashAlways {
			crowded++
		}
	}
	if crowded > 30 {
		t.Errorf("got %d of 300 runs in which the rollout ended replacements, want at most 30", crowded)
	}
}

// One that is crashed and reversed at any point ends on the old revision; unless too many
// crashes made others, with the pods of the beginning.
func TestReversedHeldRolloutLosesNothing(t *testing.T) {
	t.Parallel()
	same, turned := 0, 0
	for seed := range uint64(300) {
		s := newHeldSim(seed, 1+int(seed%3))
		before := s.names()
		s.trace = os.Getenv("SEED") == fmt.Sprint(seed)
		turned += turnAround(s, heldTarget(false), heldTarget(true))
		runToEnd(t, s, heldTarget(true), true)
		s.requireEnd(t, seed, "old")
		if slices.Equal(s.names(), before) {
			same++
		}
	}
	if turned < 250 || same < 200 {
		t.Fatalf("got %d rollback turns and %d of 300 runs that end with the same pods, want at least 250 and 200", turned, same)
	}
}

// A rollback that crashes after each of its writes ends, wherever it begins.
func TestReversedHeldRolloutThatAlwaysCrashesEnds(t *testing.T) {
	t.Parallel()
	for seed := range uint64(150) {
		s := newHeldSim(seed, 1+int(seed%3))
		s.trace = os.Getenv("SEED") == fmt.Sprint(seed)
		for n := s.r.IntN(80); n > 0 && revisionsLeft(s.workload(), heldTarget(false)) != ""; n-- {
			turn(s, heldTarget(false), false)
		}
		s.crashAlways = true
		runToEnd(t, s, heldTarget(true), true)
		s.requireEnd(t, seed, "old")
	}
}

// A rollback ends although the new pods are broken.
func TestHeldRolloutRollsBackFromBrokenPods(t *testing.T) {
	t.Parallel()
	for seed := range uint64(300) {
		s := newHeldSim(seed, 1+int(seed%3))
		s.trace = os.Getenv("SEED") == fmt.Sprint(seed)
		for n := s.r.IntN(80); n > 0 && revisionsLeft(s.workload(), heldTarget(false)) != ""; n-- {
			turn(s, heldTarget(false), true)
		}
		s.breakPods("new")
		runToEnd(t, s, heldTarget(true), true)
		s.requireEnd(t, seed, "old")
	}
}

// A template is not written while another tool has undone the hold: the rollout would end the
// old pods.
func TestUndoneHoldIsNotedBeforeTheTemplate(t *testing.T) {
	s := newHeldSim(1, 2)
	for NextAction(s.workload(), heldTarget(false)).Kind != WriteTemplate {
		turn(s, heldTarget(false), false)
	}
	s.spec.MinReadySeconds = 0
	if m := NextAction(s.workload(), heldTarget(false)); m.Kind != Wait || !strings.Contains(m.Reason, "minReadySeconds is 0") {
		t.Errorf("got %s (%s), want to wait for the hold", m.Kind, m.Reason)
	}
}

// The labels by which a GitOps tool tracks a Gateway are on its Deployment too: nobody has to
// commit that Deployment's template.
func TestTemplateOfATrackedGatewayIsNotCommitted(t *testing.T) {
	s := newHeldSim(1, 1)
	target := renderedTarget(false)
	s.rendered, s.release = true, nil
	for !s.workload().Held.Holds() {
		turn(s, target, false)
	}
	wl := s.workload()
	wl.ManagedBy, wl.APIGateway.Name = "Argo CD application edge", "edge"
	wl.Template.Labels[mesh.GatewayLabel], wl.Template.Labels[mesh.ManagedLabel] = "edge", "istio.io-gateway-controller"
	if m := NextAction(wl, target); m.Kind != CreateShadow {
		t.Errorf("got %s (%s), want %s", m.Kind, m.Reason, CreateShadow)
	}
}
