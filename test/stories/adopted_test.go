// SPDX-License-Identifier: Apache-2.0

package stories

import (
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TestBegunByHand takes up an upgrade that was begun by hand, with and without
// the word from where it came.
func TestBegunByHand(t *testing.T) {
	l := hollow(t, "a namespace was moved by hand: taken up where it stands, and taken back to where --from says, or to what was found")
	before := l.snapshot(t, bindings())
	l.target(t, "")
	l.byHand(t)
	args := moving("--to", newRevision, "--soak", "0s")

	// Without --from what was moved by hand stays as it was found.
	planned := l.rerig(t, planning(args)...)
	planned.exits(t, exitDone)
	if strings.Contains(planned.text, "Namespace shop-web") {
		t.Errorf("shop-web is there already, and is planned:\n%s", planned.text)
	}
	planned.says(t, "is on 1-31-0 already and is no part of the run", "--from REVISION")
	l.rerig(t, args...).exits(t, exitDone)
	l.stands(t, all(newRevision))
	l.rerig(t, back()...).exits(t, exitDone)
	l.stands(t, stand{"shop-web": newRevision, "shop-data": oldRevision, "shop-core": oldRevision})

	// With it they belong to the run, and go back with it.
	l.forget(t)
	args = append(args, "--from", oldRevision)
	planned = l.rerig(t, planning(args)...)
	planned.exits(t, exitDone)
	if strings.Contains(unfolded(planned.text), "restart Deployment shop-web/web 2 pods") {
		t.Errorf("shop-web is there already, and is restarted:\n%s", planned.text)
	}
	l.rerig(t, args...).exits(t, exitDone)
	l.stands(t, all(newRevision))
	l.rerig(t, back()...).exits(t, exitDone)
	l.stands(t, all(oldRevision))
	l.snapshot(t, bindings()).ours().withoutStamps(t).same(t, "the way back to --from", before.withoutStamps(t))
}

// byHand moves shop-web as people do.
func (l *lab) byHand(t *testing.T) {
	t.Helper()
	l.label(t, "shop-web", map[string]any{"istio.io/rev": newRevision, "istio-injection": nil})
	eventually(t, longest, func() error {
		err := l.standing(t, stand{"shop-web": newRevision, "shop-data": oldRevision, "shop-core": oldRevision})
		for _, p := range l.podsOf(t, "shop-web", "web") {
			if sidecar(p) != newRevision {
				_ = l.core.Pods(p.Namespace).Delete(t.Context(), p.Name, metav1.DeleteOptions{})
			}
		}
		return err
	})
}
