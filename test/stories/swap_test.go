// SPDX-License-Identifier: Apache-2.0

package stories

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TestSwap moves a workload pod by pod, and back onto the very same pods.
func TestSwap(t *testing.T) {
	l := hollow(t, "pod by pod, without a rollout: the old pods are parked until the soak is over; on the way back the same pods serve again")
	l.target(t, "")
	s := l.swappedApp(t)
	before, generation := s.serving(t), s.generation(t)

	planned := s.rerig(t, "plan", "--to", newRevision, "-n", s.ns, "--strategy", "swap")
	planned.exits(t, exitDone)
	planned.says(t, "swap Deployment swapped/app 2 pods 1-29-1 -> 1-31-0", "delete parked pods of 1 workload")

	unfit := s.rerig(t, "plan", "--to", newRevision, "-n", "shop-data", "--workload", "StatefulSet shop-data/ledger=swap")
	unfit.exits(t, exitRefused)
	unfit.says(t, "choose how StatefulSet shop-data/ledger is moved: a rule says swap, and it cannot be: a StatefulSet's pods are named")
	gives := s.rerig(t, "plan", "--to", newRevision, "-n", "shop-data", "--strategy", "swap")
	gives.exits(t, exitDone)
	gives.says(t, "restart StatefulSet shop-data/ledger", "swap Deployment shop-data/rates", "a StatefulSet's pods are named")

	s.heldByPolicy(t)

	s.parks(t)
	s.untouched(t, generation)
	said := s.rerig(t, "inventory")
	said.exits(t, exitDone)
	said.says(t, "2/2 + 2 parked", "a swap is in progress (2 parked, run to-1-31-0)")

	time.Sleep(outlived)
	s.returns(t, "back onto the parked pods", before)
	s.untouched(t, generation)
	l.phase(t, "RolledBack")

	l.merge(t, deployments, s.ns, "app", map[string]any{"spec": map[string]any{"paused": true}}) // its ReplicaSet makes pods all the same
	generation = s.generation(t)
	moved := s.rerig(t, s.moving("--soak", "1s")...)
	moved.exits(t, exitDone)
	t.Logf("there, with all that is left of it: %s", short(moved.took))
	s.stands(t, newRevision)
	s.untouched(t, generation)
	s.rerig(t, back()...).exits(t, exitDone)
	s.stands(t, oldRevision)
	s.untouched(t, generation)
}

// heldByPolicy has a policy go by the only label of the pods, for a moment: they
// would lose it while they still work.
func (s swapped) heldByPolicy(t *testing.T) {
	t.Helper()
	policy := object("security.istio.io/v1", "AuthorizationPolicy", s.ns, "open")
	policy["spec"] = map[string]any{"selector": map[string]any{"matchLabels": map[string]any{"app": "app"}}, "rules": []any{map[string]any{}}}
	r, _ := s.put(t, "authorizationpolicies", policy)
	gives := s.rerig(t, "plan", "--to", newRevision, "-n", s.ns, "--strategy", "swap")
	gives.exits(t, exitDone)
	gives.says(t, "restart Deployment swapped/app", "AuthorizationPolicy swapped/open goes by the labels that a parked pod loses")
	if err := r.Delete(t.Context(), "open", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
}

// TestSwapTakenBackFromBadPods has the new pods go bad while the old ones are
// parked.
func TestSwapTakenBackFromBadPods(t *testing.T) {
	l := hollow(t, "the new pods stop being ready while the old ones are parked: the way back puts these in their places and waits for none of those")
	l.target(t, "")
	s := l.swappedApp(t)
	before := s.serving(t)
	s.parks(t)
	for _, p := range s.pods(t) {
		if p.Labels["app"] != "app" {
			continue
		}
		l.merge(t, resource("", "v1", "pods"), s.ns, p.Name, map[string]any{"metadata": map[string]any{"annotations": map[string]any{"lab.rerig.dev/not-ready": "true"}}})
	}
	eventually(t, 30*time.Second, func() error {
		if rolled(s.get(t, s.ns, "app")) == nil {
			return errors.New("its pods are still ready")
		}
		return nil
	})
	time.Sleep(outlived)
	s.returns(t, "back from pods that went bad", before)
}

// returns takes a swap back and demands that the same pods serve as before it.
func (s swapped) returns(t *testing.T, how string, before []string) {
	t.Helper()
	returned := s.rerig(t, back()...)
	returned.exits(t, exitDone)
	t.Logf("%s: %s", how, short(returned.took))
	s.stands(t, oldRevision)
	if now := s.serving(t); !slices.Equal(now, before) {
		t.Errorf("these pods serve: %v; before it were: %v", now, before)
	}
}

// TestSwapKilledAfterEachWrite kills rerig after each write of a swap and has the
// same command go on: there, and back onto the parked pods. Killed in the middle of
// every exchange, it settles for a stand-in at last.
func TestSwapKilledAfterEachWrite(t *testing.T) {
	l := hollow(t, "killed with SIGKILL after each write of a swap, it goes on each time, and leaves no parked pod and no keeper")
	l.target(t, "")
	s := l.swappedApp(t)
	g := newGate(t, l.config)
	of := func(kinds ...string) []string {
		return append(kinds, "PATCH /api/v1/namespaces/"+s.ns, "PATCH /api/v1/namespaces/"+s.ns+"/pods", "DELETE /api/v1/namespaces/"+s.ns+"/pods")
	}
	keeper := "/api/v1/namespaces/" + s.ns + "/services"

	began := time.Now()
	kills := g.lives(t, s.moving("--soak", "1s"))
	t.Logf("there: %d kills in %s", len(kills), short(time.Since(began)))
	s.stands(t, newRevision)
	l.phase(t, "Completed")
	killedBetween(t, kills, of("POST "+keeper))

	time.Sleep(outlived) // the last life may have had nothing to do, and a dead one's Lease stands
	s.rerig(t, back()...).exits(t, exitDone)
	s.stands(t, oldRevision)
	s.parks(t)
	time.Sleep(outlived)
	began = time.Now()
	kills = g.lives(t, back("--lease-duration", lease))
	t.Logf("back: %d kills in %s", len(kills), short(time.Since(began)))
	s.stands(t, oldRevision)
	l.phase(t, "RolledBack")
	killedBetween(t, kills, of())
}

// killedBetween demands a kill after a write to each of these.
func killedBetween(t *testing.T, kills []write, wanted []string) {
	t.Helper()
	for _, path := range wanted {
		if !slices.Contains(paths(kills), path) {
			t.Errorf("it was never killed after %s; it was after:\n%s", path, lines(kills))
		}
	}
}

// TestSwapKilledAndTakenBack kills a swap after its nth write and takes it back.
func TestSwapKilledAndTakenBack(t *testing.T) {
	l := hollow(t, "killed after the nth write of a swap and taken back: the same pods serve, and nothing is left behind")
	l.target(t, "")
	s := l.swappedApp(t)
	g := newGate(t, l.config)
	first, step, last := 5, 4, 14
	if repeating() {
		first, step, last = 1, 1, 1000
	}
	for n := first; n <= last; n += step {
		began, before, left, ended := time.Now(), s.serving(t), n, false
		killed, _ := g.life(t, s.moving("--soak", "1s"), func(w write) bool {
			left--
			ended = ended || s.touches(w) && w.method == "DELETE"
			return left == 0
		})
		g.open()
		time.Sleep(outlived)
		if killed == nil {
			return
		}
		if e := s.rerig(t, back("--lease-duration", lease)...); e.code == exitRefused && n <= 2 {
			e.says(t, "this cluster has no record of any") // it was killed before there was one, and nothing was moved
		} else {
			e.exits(t, exitDone)
		}
		s.stands(t, oldRevision)
		if now := s.serving(t); !slices.Equal(now, before) && !ended {
			t.Errorf("killed after write %d (%s): these pods serve: %v; before it were: %v", n, killed, now, before)
		}
		t.Logf("killed after write %d (%s) and taken back: %s", n, killed, short(time.Since(began)))
		time.Sleep(outlived)
	}
}

// TestSwapForgotten takes the record of a run away in the middle of a swap.
func TestSwapForgotten(t *testing.T) {
	l := hollow(t, "the MeshUpgrade is deleted while one pod is parked and one released: no pod that serves ends; the next run clears up")
	l.target(t, "")
	s := l.swappedApp(t)
	g := newGate(t, l.config)
	n := 0
	pause := g.pauseAt(t, func(w write) bool {
		if s.touches(w) {
			n++
		}
		return n == 3 // released, parked, released
	})
	p := start(t, g.kubeconfig, s.moving("--soak", "1s")...)
	pause.await(t, p)
	var serving []string
	eventually(t, 30*time.Second, func() error {
		if serving = s.serving(t); len(serving) != 3 || len(s.pods(t)) != 4 {
			return fmt.Errorf("%d pods serve of %d, want 3 of 4", len(serving), len(s.pods(t)))
		}
		return rolled(s.get(t, s.ns, "app"))
	})
	s.away(t)
	pause.proceed()
	p.end(t, longest)
	time.Sleep(5 * time.Second) // the garbage collector's time
	if err := s.alive(t, serving); err != nil {
		t.Fatal(err)
	}
	if n := len(s.pods(t)); n != 3 {
		t.Errorf("%d pods are there, want the 3 that serve: the parked one ends with the run", n)
	}
	time.Sleep(outlived)
	s.rerig(t, s.moving("--soak", "1s", "--name", "next")...).exits(t, exitDone)
	s.stands(t, newRevision)
}

// TestSwapOfAnotherTemplate changes the template while pods are parked.
func TestSwapOfAnotherTemplate(t *testing.T) {
	l := hollow(t, "a template that changes while pods are parked: they are not taken back into it; the way back makes new ones, and nothing is left")
	l.target(t, "")
	s := l.swappedApp(t)
	s.parks(t)
	l.merge(t, deployments, s.ns, "app", map[string]any{"spec": map[string]any{"template": map[string]any{"metadata": map[string]any{"annotations": map[string]any{"team": "deploys"}}}}})
	eventually(t, time.Minute, func() error { return rolled(s.get(t, s.ns, "app")) })
	time.Sleep(outlived)
	s.rerig(t, back()...).exits(t, exitDone)
	s.stands(t, oldRevision)
	for _, p := range s.pods(t) {
		if p.Annotations["team"] != "deploys" {
			t.Errorf("pod %s is of the template before", p.Name)
		}
	}
}
