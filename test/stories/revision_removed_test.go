// SPDX-License-Identifier: Apache-2.0

package stories

import (
	"fmt"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TestTargetRevisionIsRemoved removes the target's control plane, which the run did not
// install, in the middle of a run, and again after it.
func TestTargetRevisionIsRemoved(t *testing.T) {
	l := sharedLab(t, "the target revision, installed by another tool, is uninstalled: the run holds, continues once it is back, and is "+
		"rolled back without it")
	l.recreateDefaultTag(t)
	before := l.snapshot(t, bindingFields())
	l.installTarget(t, "")
	args := upgradeArgs("--to", newRevision, "--soak", "0s", "-n", "shop-web,shop-data", "--waves", "2")
	const gone = "revision 1-31-0 does not exist any more, and this run does not install it: the cluster has 1-29-1"

	l.uninstallDuringRun(t, args).requireOutput(t, "Held at 1-31-0 (CheckFailed)", gone, "rerig rollback to-1-31-0")
	l.rerig(t, "status").requireOutput(t, "Held", gone)
	again := l.rerig(t, args...)
	again.requireExit(t, exitRefused)
	again.requireOutput(t, gone)
	l.requireLabels(t, twoMoved)
	l.requirePhase(t, "Held")

	l.installTarget(t, "")
	l.rerig(t, args...).requireExit(t, exitDone)
	l.requirePlacement(t, twoMoved)

	l.uninstallAndWait(t)
	l.rerig(t, "status").requireOutput(t, "Completed", gone)
	l.rollBackWithoutTarget(t, before)
}

// TestInstalledRevisionIsRemoved removes a control plane that the run installed.
func TestInstalledRevisionIsRemoved(t *testing.T) {
	l := sharedLab(t, "the revision that the run installed is uninstalled: it is installed again once approved, and the run is rolled "+
		"back without it")
	l.recreateDefaultTag(t)
	before := l.snapshot(t, bindingFields())
	args := installArgs(t, "--soak", "0s", "-n", "shop-web,shop-data", "--waves", "2")

	l.uninstallDuringRun(t, args).requireOutput(t, "PlanChanged", "install 1-31-0", "Run the same command again")
	again := l.rerig(t, args...)
	again.requireExit(t, exitDone)
	again.requireOutput(t, "install revision 1-31-0")
	l.requirePlacement(t, twoMoved)

	l.uninstallAndWait(t)
	l.rerig(t, "status").requireOutput(t, "Completed", "install revision 1-31-0", "not in the approved plan")
	l.rollBackWithoutTarget(t, before)
}

// recreateDefaultTag replaces the default tag of the installation, which bears its
// component's labels and goes with the revision that it moves to.
func (l *lab) recreateDefaultTag(t *testing.T) {
	t.Helper()
	output(t, nil, istioctl(t, newVersion), "tag", "remove", "default", "-y", "--kubeconfig", l.kubeconfig)
	l.moveDefault(t, oldRevision)
}

// twoMoved is where these runs take the shop; labelled so far when they hold.
var twoMoved = placement{"shop-web": newRevision, "shop-data": newRevision, "shop-core": oldRevision}

// uninstallDuringRun runs an upgrade whose revision is removed once its second wave is
// labelled, up to the hold.
func (l *lab) uninstallDuringRun(t *testing.T, args []string) result {
	t.Helper()
	g := newGate(t, l.config)
	pause := g.pauseAt(t, labelOf("shop-data"))
	p := start(t, g.kubeconfig, args...)
	pause.waitReached(t, p)
	l.uninstallAndWait(t)
	pause.proceed()
	held := p.end(t, runTimeout)
	held.requireExit(t, exitHeld)
	l.requireLabels(t, twoMoved)
	l.requirePhase(t, "Held")
	return held
}

// rollBackWithoutTarget requires a complete rollback from a revision that does not
// exist.
func (l *lab) rollBackWithoutTarget(t *testing.T, before snapshot) {
	t.Helper()
	l.rerig(t, rollbackArgs()...).requireExit(t, exitDone)
	l.requirePlacement(t, everywhere(oldRevision))
	l.snapshot(t, bindingFields()).withoutRestarts(t).requireSame(t, "rollback without the revision", before.withoutRestarts(t))
	l.requirePhase(t, "RolledBack")
}

// uninstallAndWait uninstalls the new revision, and waits until its istiods are gone.
func (l *lab) uninstallAndWait(t *testing.T) {
	t.Helper()
	l.uninstall(t)
	eventually(t, time.Minute, func() error {
		pods, err := l.core.Pods("istio-system").List(t.Context(), metav1.ListOptions{LabelSelector: "app=istiod,istio.io/rev=" +
			newRevision})
		if err == nil && len(pods.Items) > 0 {
			err = fmt.Errorf("%d istiods of %s are still there", len(pods.Items), newRevision)
		}
		return err
	})
}
