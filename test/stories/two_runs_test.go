// SPDX-License-Identifier: Apache-2.0

package stories

import (
	"strings"
	"testing"
)

// TestNamespacesInTwoRuns moves one namespace and then the others, as two runs, and
// rolls them back in the same order.
func TestNamespacesInTwoRuns(t *testing.T) {
	l := targetLab(t, "one namespace first, the others later: two runs, each with its own rollback")
	l.createDeployment(t, "shop-data", "empty")
	l.patch(t, deployments, "shop-data", "empty", map[string]any{"spec": map[string]any{"replicas": int64(0)}})
	l.waitPlacement(t, everywhere(oldRevision))
	before := l.snapshot(t, bindingFields())
	some := []string{"--to", newRevision, "--soak", "0s"}

	first := l.rerig(t, upgradeArgs(append(some, "--name", "first", "--namespace", "shop-data")...)...)
	first.requireExit(t, exitDone)
	first.requireOutput(t, "Nothing to verify", "Deployment shop-data/empty wanted 0", "Run first is complete")
	want := placement{"shop-web": oldRevision, "shop-data": newRevision, "shop-core": oldRevision}
	l.requirePlacement(t, want)
	l.requireLabels(t, want)

	rest := l.rerig(t, upgradeArgs(append(some, "--name", "rest", "--waves", "1")...)...)
	rest.requireExit(t, exitDone)
	rest.requireOutput(t, "2 namespaces in 1 wave", "Run rest is complete")
	if strings.Contains(rest.text, "restart Deployment shop-data/") {
		t.Errorf("it restarts again what has moved:\n%s", rest.text)
	}
	l.requirePlacement(t, everywhere(newRevision))

	l.rerig(t, rollbackArgs("first")...).requireExit(t, exitDone)
	want = placement{"shop-web": newRevision, "shop-data": oldRevision, "shop-core": newRevision}
	l.requirePlacement(t, want)
	l.requireLabels(t, want)
	l.rerig(t, rollbackArgs("rest")...).requireExit(t, exitDone)
	l.requirePlacement(t, everywhere(oldRevision))
	l.snapshot(t, bindingFields()).withoutRestarts(t).requireSame(t, "upgrade and rollback", before.withoutRestarts(t))
}
