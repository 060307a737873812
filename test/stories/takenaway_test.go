// SPDX-License-Identifier: Apache-2.0

package stories

import (
	"fmt"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TestRevisionTakenAway takes the target's control plane away in the middle of a
// run that found it there, and once more when the run is over.
func TestRevisionTakenAway(t *testing.T) {
	l := hollow(t, "other hands take away the revision that is moved to, and that they brought: the run holds by name, goes on once it is there again, and is taken back without it")
	l.tagsByHand(t)
	before := l.snapshot(t, bindings())
	l.target(t, "")
	args := moving("--to", newRevision, "--soak", "0s", "-n", "shop-web,shop-data", "--waves", "2")
	const gone = "revision 1-31-0 is gone, and this run, which found it there, does not install it: the cluster has 1-29-1"

	l.losesItsRevision(t, args).says(t, "Held at 1-31-0 (CheckFailed)", gone, "rerig rollback to-1-31-0")
	l.rerig(t, "status").says(t, "Held", gone)
	again := l.rerig(t, args...)
	again.exits(t, exitRefused)
	again.says(t, gone)
	l.labelled(t, twoMoved)
	l.phase(t, "Held")

	l.target(t, "")
	l.rerig(t, args...).exits(t, exitDone)
	l.stands(t, twoMoved)

	l.takesAway(t)
	l.rerig(t, "status").says(t, "Completed", gone)
	l.leavesItBehind(t, before)
}

// TestInstalledRevisionTakenAway does so with one that the run installed itself.
func TestInstalledRevisionTakenAway(t *testing.T) {
	l := hollow(t, "other hands take away the revision that the run installed: it is installed again when that is agreed to, and the run is taken back without it")
	l.tagsByHand(t)
	before := l.snapshot(t, bindings())
	args := upgrading(t, "--soak", "0s", "-n", "shop-web,shop-data", "--waves", "2")

	l.losesItsRevision(t, args).says(t, "PlanChanged", "install 1-31-0", "Run the same command again")
	again := l.rerig(t, args...)
	again.exits(t, exitDone)
	again.says(t, "install revision 1-31-0")
	l.stands(t, twoMoved)

	l.takesAway(t)
	l.rerig(t, "status").says(t, "Completed", "install revision 1-31-0", "not in the approved plan")
	l.leavesItBehind(t, before)
}

// tagsByHand makes the default a tag of its own: one that an install made bears the
// labels of its component, and goes with the revision that it was moved to.
func (l *lab) tagsByHand(t *testing.T) {
	t.Helper()
	output(t, nil, istioctl(t, newVersion), "tag", "remove", "default", "-y", "--kubeconfig", l.kubeconfig)
	l.retagged(t, oldRevision)
}

// twoMoved is where these runs take the shop; labelled so far when they hold.
var twoMoved = stand{"shop-web": newRevision, "shop-data": newRevision, "shop-core": oldRevision}

// losesItsRevision runs an upgrade whose revision goes once its second wave is
// labelled, up to the hold.
func (l *lab) losesItsRevision(t *testing.T, args []string) ended {
	t.Helper()
	g := newGate(t, l.config)
	pause := g.pauseAt(t, labels("shop-data"))
	p := start(t, g.kubeconfig, args...)
	pause.await(t, p)
	l.takesAway(t)
	pause.proceed()
	held := p.end(t, longest)
	held.exits(t, exitHeld)
	l.labelled(t, twoMoved)
	l.phase(t, "Held")
	return held
}

// leavesItBehind demands a whole way back from a revision that is not there.
func (l *lab) leavesItBehind(t *testing.T, before snapshot) {
	t.Helper()
	l.rerig(t, back()...).exits(t, exitDone)
	l.stands(t, all(oldRevision))
	l.snapshot(t, bindings()).withoutStamps(t).same(t, "the way back without the revision", before.withoutStamps(t))
	l.phase(t, "RolledBack")
}

// takesAway is uninstall, to its end: its istiods are gone too.
func (l *lab) takesAway(t *testing.T) {
	t.Helper()
	l.uninstall(t)
	eventually(t, time.Minute, func() error {
		pods, err := l.core.Pods("istio-system").List(t.Context(), metav1.ListOptions{LabelSelector: "app=istiod,istio.io/rev=" + newRevision})
		if err == nil && len(pods.Items) > 0 {
			err = fmt.Errorf("%d istiods of %s are still there", len(pods.Items), newRevision)
		}
		return err
	})
}
