// SPDX-License-Identifier: Apache-2.0

package stories

import (
	"slices"
	"testing"
)

// TestTagMovedBefore begins where somebody has moved a tag and the default by
// hand: what they bind needs pods anew, and no other label.
func TestTagMovedBefore(t *testing.T) {
	l := hollow(t, "a tag and the default were moved by hand first: their namespaces keep their labels forth and back, and their pods are moved")
	l.boundByTag(t)
	l.target(t, "")
	l.retagged(t, newRevision)
	l.tag(t, "prod", newRevision)
	l.bound(t, map[string]string{"tagged/web": oldRevision})
	before := l.snapshot(t, bindings())
	args := moving("--to", newRevision, "--soak", "0s")

	for _, c := range []struct{ flag, value string }{{"--labels", "explicit"}, {"--from", oldRevision}} {
		planned := l.rerig(t, planning(append(slices.Clone(args), c.flag, c.value))...)
		planned.exits(t, exitDone)
		planned.says(t, "Namespace tagged istio.io/rev=prod -> istio.io/rev=1-31-0", "Namespace shop-data istio-injection=enabled -> istio.io/rev=1-31-0")
	}
	planned := l.rerig(t, planning(args)...)
	planned.exits(t, exitDone)
	planned.says(t, "already: its label stays as it is", "restart Deployment tagged/web 1 pod 1-29-1 -> 1-31-0", "restart StatefulSet shop-data/ledger 2 pods 1-29-1 -> 1-31-0")

	g := newGate(t, l.config)
	kept := func(way string) {
		t.Helper()
		for _, w := range g.written() {
			if labels("tagged")(w) || labels("shop-data")(w) {
				t.Errorf("%s: %s", way, w)
			}
		}
	}
	start(t, g.kubeconfig, args...).end(t, longest).exits(t, exitDone)
	kept("forth")
	l.stands(t, all(newRevision))
	l.bound(t, map[string]string{"tagged/web": newRevision})
	for _, tag := range []string{"default", "prod"} {
		if at := l.tagAt(t, tag); at != newRevision {
			t.Errorf("tag %s is at %q", tag, at)
		}
	}

	// The way back leaves the tags where they were found, and with them the pods.
	g.open()
	returned := start(t, g.kubeconfig, back()...).end(t, longest)
	returned.exits(t, exitDone)
	kept("back")
	returned.says(t, "shop-data istio-injection=enabled; workloads on 1-29-1 then: 2", "tagged istio.io/rev=prod; workloads on 1-29-1 then: 1",
		"5 proxies connected to it are not taken back", "3 things are not as they were found before the run", "StatefulSet shop-data/ledger 1-29-1 1-31-0")
	l.stands(t, stand{"shop-web": oldRevision, "shop-data": newRevision, "shop-core": oldRevision})
	l.bound(t, map[string]string{"tagged/web": newRevision})
	l.snapshot(t, bindings()).withoutStamps(t).same(t, "the way there and back", before.withoutStamps(t))
}
