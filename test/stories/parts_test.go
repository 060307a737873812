// SPDX-License-Identifier: Apache-2.0

package stories

import (
	"strings"
	"testing"
)

// TestInParts moves one namespace first and the rest later, each as a run of its
// own, and takes them back in the order in which they came.
func TestInParts(t *testing.T) {
	l := hollow(t, "one namespace first, the others later: two runs, each with its own way back")
	l.target(t, "")
	l.workload(t, "shop-data", "empty")
	l.merge(t, deployments, "shop-data", "empty", map[string]any{"spec": map[string]any{"replicas": int64(0)}})
	l.settles(t, all(oldRevision))
	before := l.snapshot(t, bindings())
	some := []string{"--to", newRevision, "--soak", "0s"}

	first := l.rerig(t, moving(append(some, "--name", "first", "--namespace", "shop-data")...)...)
	first.exits(t, exitDone)
	first.says(t, "Nothing to verify", "Deployment shop-data/empty wanted 0", "Run first is complete")
	want := stand{"shop-web": oldRevision, "shop-data": newRevision, "shop-core": oldRevision}
	l.stands(t, want)
	l.labelled(t, want)

	rest := l.rerig(t, moving(append(some, "--name", "rest", "--waves", "1")...)...)
	rest.exits(t, exitDone)
	rest.says(t, "2 namespaces in 1 wave", "Run rest is complete")
	if strings.Contains(rest.text, "restart Deployment shop-data/") {
		t.Errorf("it restarts again what has moved:\n%s", rest.text)
	}
	l.stands(t, all(newRevision))

	l.rerig(t, back("first")...).exits(t, exitDone)
	want = stand{"shop-web": newRevision, "shop-data": oldRevision, "shop-core": newRevision}
	l.stands(t, want)
	l.labelled(t, want)
	l.rerig(t, back("rest")...).exits(t, exitDone)
	l.stands(t, all(oldRevision))
	l.snapshot(t, bindings()).withoutStamps(t).same(t, "the way there and back", before.withoutStamps(t))
}
