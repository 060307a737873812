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

// TestSwap swaps a workload pod by pod, and rolls back onto the same pods.
func TestSwap(t *testing.T) {
	l := targetLab(t, "pod by pod, without a rollout: the old pods are parked until the soak is over; after a rollback the same pods "+
		"serve again")
	s := l.createSwapApp(t)
	before, generation := s.serving(t), s.generation(t)

	planned := s.rerig(t, "plan", "--to", newRevision, "-n", s.ns, "--strategy", "swap")
	planned.requireExit(t, exitDone)
	planned.requireOutput(t, "swap Deployment swapped/app 2 pods 1-29-1 -> 1-31-0", "delete parked pods of 1 workload")

	unfit := s.rerig(t, "plan", "--to", newRevision, "-n", "shop-data", "--workload", "StatefulSet shop-data/ledger=swap")
	unfit.requireExit(t, exitRefused)
	unfit.requireOutput(t, "choose the strategy of StatefulSet shop-data/ledger: a rule says swap, which does not fit it: the pods of a "+
		"StatefulSet have fixed names")
	gives := s.rerig(t, "plan", "--to", newRevision, "-n", "shop-data", "--strategy", "swap")
	gives.requireExit(t, exitDone)
	gives.requireOutput(
		t,
		"restart StatefulSet shop-data/ledger",
		"swap Deployment shop-data/rates",
		"the pods of a StatefulSet have fixed names",
	)

	s.requirePolicyPrevents(t)

	s.parkPods(t)
	s.requireGeneration(t, generation)
	out := s.rerig(t, "inventory")
	out.requireExit(t, exitDone)
	out.requireOutput(t, "2/2 + 2 parked", "a swap is in progress (2 parked, run to-1-31-0)")

	l.waitLeaseExpired(t)
	s.rollBackTo(t, "back onto the parked pods", before)
	s.requireGeneration(t, generation)
	l.requirePhase(t, "RolledBack")

	l.patch(t, deployments, s.ns, "app", map[string]any{"spec": map[string]any{"paused": true}}) // its ReplicaSet still creates pods
	generation = s.generation(t)
	moved := s.rerig(t, s.upgradeArgs("--soak", "1s")...)
	moved.requireExit(t, exitDone)
	t.Logf("there, with all that is left of it: %s", short(moved.took))
	s.requireRevision(t, newRevision)
	s.requireGeneration(t, generation)
	s.rerig(t, rollbackArgs()...).requireExit(t, exitDone)
	s.requireRevision(t, oldRevision)
	s.requireGeneration(t, generation)
}

// requirePolicyPrevents creates a policy that selects pods by their only label: they
// would lose it while they still serve.
func (s swapApp) requirePolicyPrevents(t *testing.T) {
	t.Helper()
	policy := object("security.istio.io/v1", "AuthorizationPolicy", s.ns, "open")
	policy["spec"] = map[string]any{"selector": map[string]any{"matchLabels": map[string]any{"app": "app"}},
		"rules": []any{map[string]any{}}}
	r, _ := s.apply(t, "authorizationpolicies", policy)
	gives := s.rerig(t, "plan", "--to", newRevision, "-n", s.ns, "--strategy", "swap")
	gives.requireExit(t, exitDone)
	gives.requireOutput(t, "restart Deployment swapped/app", "AuthorizationPolicy swapped/open selects by labels that a parked pod loses")
	if err := r.Delete(t.Context(), "open", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
}

// TestSwapRolledBackFromUnreadyPods makes the new pods unready while the old ones are
// parked.
func TestSwapRolledBackFromUnreadyPods(t *testing.T) {
	l := targetLab(t, "the new pods become unready while the old ones are parked: the rollback reattaches the old ones and does not wait "+
		"for the new ones")
	s := l.createSwapApp(t)
	before := s.serving(t)
	s.parkPods(t)
	for _, p := range s.pods(t) {
		if p.Labels["app"] != "app" {
			continue
		}
		l.patch(t, resource("", "v1", "pods"), s.ns, p.Name,
			map[string]any{"metadata": map[string]any{"annotations": map[string]any{"lab.rerig.dev/not-ready": "true"}}})
	}
	eventually(t, 30*time.Second, func() error {
		if rolledOut(s.deployment(t, s.ns, "app")) == nil {
			return errors.New("its pods are still ready")
		}
		return nil
	})
	l.waitLeaseExpired(t)
	s.rollBackTo(t, "back from pods that went bad", before)
}

// rollBackTo rolls a swap back and requires that the same pods serve as before it.
func (s swapApp) rollBackTo(t *testing.T, how string, before []string) {
	t.Helper()
	returned := s.rerig(t, rollbackArgs()...)
	returned.requireExit(t, exitDone)
	t.Logf("%s: %s", how, short(returned.took))
	s.requireRevision(t, oldRevision)
	if now := s.serving(t); !slices.Equal(now, before) {
		t.Errorf("these pods serve: %v; before it were: %v", now, before)
	}
}

// TestSwapKilledAtEveryWrite kills rerig after each write of a swap, and of its rollback
// onto the parked pods, and runs the same command again. Killed in every exchange, it
// accepts a replacement pod in the end.
func TestSwapKilledAtEveryWrite(t *testing.T) {
	l := targetLab(t, "killed after each write of a swap: the same command continues each time, and leaves no parked pod and no keeper")
	s := l.createSwapApp(t)
	g := newGate(t, l.config)
	of := func(kinds ...string) []string {
		return append(kinds, "PATCH /api/v1/namespaces/"+s.ns, "PATCH /api/v1/namespaces/"+s.ns+"/pods",
			"DELETE /api/v1/namespaces/"+s.ns+"/pods")
	}
	keeper := "/api/v1/namespaces/" + s.ns + "/services"

	began := time.Now()
	kills := g.killAtEachWrite(t, s.upgradeArgs("--soak", "1s"))
	t.Logf("there: %d kills in %s", len(kills), short(time.Since(began)))
	s.requireRevision(t, newRevision)
	l.requirePhase(t, "Completed")
	requireKillsAt(t, kills, of("POST "+keeper))

	l.waitLeaseExpired(t) // the last process may have had nothing to do
	s.rerig(t, rollbackArgs()...).requireExit(t, exitDone)
	s.requireRevision(t, oldRevision)
	s.parkPods(t)
	l.waitLeaseExpired(t)
	began = time.Now()
	kills = g.killAtEachWrite(t, rollbackArgs("--lease-duration", lease))
	t.Logf("back: %d kills in %s", len(kills), short(time.Since(began)))
	s.requireRevision(t, oldRevision)
	l.requirePhase(t, "RolledBack")
	requireKillsAt(t, kills, of())
}

// requireKillsAt requires a kill after a write to each of these.
func requireKillsAt(t *testing.T, kills []write, wanted []string) {
	t.Helper()
	for _, path := range wanted {
		if !slices.Contains(distinctPaths(kills), path) {
			t.Errorf("it was never killed after %s; it was after:\n%s", path, formatWrites(kills))
		}
	}
}

// TestSwapKilledAndRolledBack kills a swap in the middle and rolls it back.
func TestSwapKilledAndRolledBack(t *testing.T) {
	l := targetLab(t, "killed in the middle of a swap and rolled back: the same pods serve, and nothing is left")
	l.killSwap(t, 9, 9)
}

// TestSwapRolledBackAtEveryWrite does so after the nth write, for every n.
func TestSwapRolledBackAtEveryWrite(t *testing.T) {
	l := targetLab(t, "killed after the nth write of a swap and rolled back, for every n: the same pods serve, and nothing is left")
	l.killSwap(t, 1, 1000)
}

// killSwap kills a swap after its nth write and rolls it back, for each n of a range,
// until n is more than it writes.
func (l *lab) killSwap(t *testing.T, first, last int) {
	t.Helper()
	s := l.createSwapApp(t)
	g := newGate(t, l.config)
	for n := first; n <= last; n++ {
		began, before, left, ended := time.Now(), s.serving(t), n, false
		killed, _ := g.runUntil(t, s.upgradeArgs("--soak", "1s"), func(w write) bool {
			left--
			ended = ended || s.isPodWrite(w) && w.method == "DELETE"
			return left == 0
		})
		g.open()
		l.waitLeaseExpired(t)
		if killed == nil {
			return
		}
		if e := s.rerig(t, rollbackArgs("--lease-duration", lease)...); e.code == exitRefused && n <= 2 {
			e.requireOutput(t, "this cluster has no record of any") // killed before the record existed: nothing was moved
		} else {
			e.requireExit(t, exitDone)
		}
		s.requireRevision(t, oldRevision)
		if now := s.serving(t); !slices.Equal(now, before) && !ended {
			t.Errorf("killed after write %d (%s): these pods serve: %v; before it were: %v", n, killed, now, before)
		}
		t.Logf("killed after write %d (%s) and rolled back: %s", n, killed, short(time.Since(began)))
		l.waitLeaseExpired(t)
	}
}

// TestRecordIsDeletedDuringASwap deletes the record of a run in the middle of a swap.
func TestRecordIsDeletedDuringASwap(t *testing.T) {
	l := targetLab(t, "the MeshUpgrade is deleted while one pod is parked and one detached: no serving pod is deleted; the next run "+
		"cleans up")
	s := l.createSwapApp(t)
	g := newGate(t, l.config)
	n := 0
	pause := g.pauseAt(t, func(w write) bool {
		if s.isPodWrite(w) {
			n++
		}
		return n == 3 // detached, parked, detached
	})
	p := start(t, g.kubeconfig, s.upgradeArgs("--soak", "1s")...)
	pause.waitReached(t, p)
	var serving []string
	eventually(t, 30*time.Second, func() error {
		if serving = s.serving(t); len(serving) != 3 || len(s.pods(t)) != 4 {
			return fmt.Errorf("%d pods serve of %d, want 3 of 4", len(serving), len(s.pods(t)))
		}
		return rolledOut(s.deployment(t, s.ns, "app"))
	})
	s.deleteRecord(t)
	pause.proceed()
	p.end(t, runTimeout)
	time.Sleep(5 * time.Second) // time for the garbage collector
	if err := s.checkServing(t, serving); err != nil {
		t.Fatal(err)
	}
	if n := len(s.pods(t)); n != 3 {
		t.Errorf("%d pods are there, want the 3 that serve: the parked one ends with the run", n)
	}
	l.waitLeaseExpired(t)
	s.rerig(t, s.upgradeArgs("--soak", "1s", "--name", "next")...).requireExit(t, exitDone)
	s.requireRevision(t, newRevision)
}

// TestTemplateChangesDuringASwap changes the template while pods are parked.
func TestTemplateChangesDuringASwap(t *testing.T) {
	l := targetLab(t, "a template that changes while pods are parked: they are not reattached; the rollback creates new ones, and "+
		"nothing is left")
	s := l.createSwapApp(t)
	s.parkPods(t)
	l.patch(t, deployments, s.ns, "app", templateAnnotations(map[string]any{"team": "deploys"}))
	eventually(t, time.Minute, func() error { return rolledOut(s.deployment(t, s.ns, "app")) })
	l.waitLeaseExpired(t)
	s.rerig(t, rollbackArgs()...).requireExit(t, exitDone)
	s.requireRevision(t, oldRevision)
	for _, p := range s.pods(t) {
		if p.Annotations["team"] != "deploys" {
			t.Errorf("pod %s is of the template before", p.Name)
		}
	}
}
