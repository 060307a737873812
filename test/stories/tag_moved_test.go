// SPDX-License-Identifier: Apache-2.0

package stories

import (
	"slices"
	"testing"
)

// TestTagMovedBefore starts where somebody has moved a tag and the default: what they
// bind needs new pods, and no other label.
func TestTagMovedBefore(t *testing.T) {
	l := targetLab(t, "a tag and the default were moved before the run: their namespaces keep their labels in upgrade and rollback, and "+
		"their pods are moved")
	l.createTaggedNamespace(t)
	l.moveDefault(t, newRevision)
	l.setTag(t, "prod", newRevision)
	l.requireSidecars(t, map[string]string{"tagged/web": oldRevision})
	before := l.snapshot(t, bindingFields())
	args := upgradeArgs("--to", newRevision, "--soak", "0s", "--waves", "1")

	for _, c := range []struct{ flag, value string }{{"--labels", "explicit"}, {"--from", oldRevision}} {
		planned := l.rerig(t, planArgs(append(slices.Clone(args), c.flag, c.value))...)
		planned.requireExit(t, exitDone)
		planned.requireOutput(t, "Namespace tagged istio.io/rev=prod -> istio.io/rev=1-31-0",
			"Namespace shop-data istio-injection=enabled -> istio.io/rev=1-31-0")
	}
	planned := l.rerig(t, planArgs(args)...)
	planned.requireExit(t, exitDone)
	planned.requireOutput(t, "already names 1-31-0: its label is not changed", "restart Deployment tagged/web 1 pod 1-29-1 -> 1-31-0",
		"restart StatefulSet shop-data/ledger 2 pods 1-29-1 -> 1-31-0")

	g := newGate(t, l.config)
	requireUnlabelled := func(direction string) {
		t.Helper()
		for _, w := range g.written() {
			if labelOf("tagged")(w) || labelOf("shop-data")(w) {
				t.Errorf("%s: unexpected write %s", direction, w)
			}
		}
	}
	start(t, g.kubeconfig, args...).end(t, runTimeout).requireExit(t, exitDone)
	requireUnlabelled("upgrade")
	l.requirePlacement(t, everywhere(newRevision))
	l.requireSidecars(t, map[string]string{"tagged/web": newRevision})
	for _, tag := range []string{"default", "prod"} {
		if at := l.tagRevision(t, tag); at != newRevision {
			t.Errorf("tag %s is at %q", tag, at)
		}
	}

	// The rollback leaves the tags where they were before the run, and with them the pods.
	g.open()
	returned := start(t, g.kubeconfig, rollbackArgs()...).end(t, runTimeout)
	returned.requireExit(t, exitDone)
	requireUnlabelled("rollback")
	returned.requireOutput(t, "shop-data istio-injection=enabled; workloads on 1-29-1 when the run began: 2",
		"tagged istio.io/rev=prod; workloads on 1-29-1 when the run began: 1",
		"5 proxies connected to it are not rolled back", "3 differences from before the run",
		"StatefulSet shop-data/ledger 1-29-1 1-31-0")
	l.requirePlacement(t, placement{"shop-web": oldRevision, "shop-data": newRevision, "shop-core": oldRevision})
	l.requireSidecars(t, map[string]string{"tagged/web": newRevision})
	l.snapshot(t, bindingFields()).withoutRestarts(t).requireSame(t, "upgrade and rollback", before.withoutRestarts(t))
}
