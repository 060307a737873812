// SPDX-License-Identifier: Apache-2.0

package stories

import (
	"strings"
	"testing"
)

// TestPartlyMovedBefore starts where another run has moved one namespace, and somebody
// labelled another without a restart.
func TestPartlyMovedBefore(t *testing.T) {
	l := targetLab(t, "one namespace was moved by another run, one was labelled and not restarted: the plan shows both, and what a "+
		"rollback leaves")
	some := []string{"--to", newRevision, "--soak", "0s", "--waves", "1"}
	l.rerig(t, upgradeArgs(append(some, "--name", "first", "-n", "shop-data")...)...).requireExit(t, exitDone)
	l.label(t, "shop-web", map[string]any{"istio.io/rev": newRevision})
	args := upgradeArgs(append(some, "--name", "rest")...)

	planned := l.rerig(t, planArgs(args)...)
	planned.requireExit(t, exitDone)
	planned.requireOutput(t, "Moved before this run", "was bound to 1-31-0 before the run began, while pods in it were on 1-29-1",
		"shop-web istio.io/rev=1-31-0; workloads on 1-29-1 when the run began: 1", "--from 1-29-1",
		"Moved by another run", "is on 1-31-0 already, moved by run first, and is not part of this run",
		"shop-data istio-injection=enabled",
		"what that run moved is rolled back by `rerig rollback first`", "restart Deployment shop-web/web 2 pods 1-29-1 -> 1-31-0")
	if strings.Contains(unwrap(planned.text), "label Namespace shop-web") {
		t.Errorf("shop-web is labelled already:\n%s", planned.text)
	}
	l.rerig(t, args...).requireExit(t, exitDone)
	l.requirePlacement(t, everywhere(newRevision))

	returned := l.rerig(t, rollbackArgs("rest")...)
	returned.requireExit(t, exitDone)
	returned.requireOutput(t, "shop-web istio.io/rev=1-31-0; workloads on 1-29-1 when the run began: 1", "moved by run first",
		"`rerig rollback first`",
		"6 proxies connected to it are not rolled back", "1 difference from before the run",
		"DIFFERENCE BEFORE NOW Deployment shop-web/web 1-29-1 1-31-0")
	if strings.Contains(returned.text, "--from") {
		t.Errorf("a rollback has no --from:\n%s", returned.text)
	}
	l.requirePlacement(t, placement{"shop-web": newRevision, "shop-data": newRevision, "shop-core": oldRevision})
	l.rerig(t, rollbackArgs("first")...).requireExit(t, exitDone)
	l.requirePlacement(t, placement{"shop-web": newRevision, "shop-data": oldRevision, "shop-core": oldRevision})
}
