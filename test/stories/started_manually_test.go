// SPDX-License-Identifier: Apache-2.0

package stories

import (
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TestUpgradeStartedManually continues an upgrade that was started with kubectl, with
// and without --from.
func TestUpgradeStartedManually(t *testing.T) {
	l := targetLab(t, "a namespace was moved with kubectl: the run continues from there, and rolls back to --from, or to what it found")
	before := l.snapshot(t, bindingFields())
	l.relabelManually(t)
	args := upgradeArgs("--to", newRevision, "--soak", "0s", "--waves", "1")

	// Without --from the moved namespace is part of the baseline.
	planned := l.rerig(t, planArgs(args)...)
	planned.requireExit(t, exitDone)
	if strings.Contains(planned.text, "Namespace shop-web") {
		t.Errorf("shop-web is there already, and is planned:\n%s", planned.text)
	}
	planned.requireOutput(t, "is on 1-31-0 already and is not part of the run", "--from REVISION")
	l.rerig(t, args...).requireExit(t, exitDone)
	l.requirePlacement(t, everywhere(newRevision))
	l.rerig(t, rollbackArgs()...).requireExit(t, exitDone)
	l.requirePlacement(t, placement{"shop-web": newRevision, "shop-data": oldRevision, "shop-core": oldRevision})

	// With --from they are part of the run, and of its rollback.
	l.deleteRecords(t)
	args = append(args, "--from", oldRevision)
	planned = l.rerig(t, planArgs(args)...)
	planned.requireExit(t, exitDone)
	if strings.Contains(unwrap(planned.text), "restart Deployment shop-web/web 2 pods") {
		t.Errorf("shop-web is there already, and is restarted:\n%s", planned.text)
	}
	l.rerig(t, args...).requireExit(t, exitDone)
	l.requirePlacement(t, everywhere(newRevision))
	l.rerig(t, rollbackArgs()...).requireExit(t, exitDone)
	l.requirePlacement(t, everywhere(oldRevision))
	l.snapshot(t, bindingFields()).withoutTarget().withoutRestarts(t).requireSame(t, "rollback to --from",
		before.withoutTarget().withoutRestarts(t))
}

// relabelManually moves shop-web with a label and deleted pods.
func (l *lab) relabelManually(t *testing.T) {
	t.Helper()
	l.label(t, "shop-web", map[string]any{"istio.io/rev": newRevision, "istio-injection": nil})
	eventually(t, runTimeout, func() error {
		err := l.checkPlacement(t, placement{"shop-web": newRevision, "shop-data": oldRevision, "shop-core": oldRevision})
		for _, p := range l.podsOf(t, "shop-web", "web") {
			if sidecar(p) != newRevision {
				_ = l.core.Pods(p.Namespace).Delete(t.Context(), p.Name, metav1.DeleteOptions{})
			}
		}
		return err
	})
}
