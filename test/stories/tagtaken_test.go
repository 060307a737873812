// SPDX-License-Identifier: Apache-2.0

package stories

import (
	"context"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TestTagTakenAway takes tags away that a run has moved: there is nothing that
// the way back could point at the old revision.
func TestTagTakenAway(t *testing.T) {
	l := hollow(t, "a tag that was moved is taken away: the way back holds at once, says how it is made anew, and goes on then")
	l.boundByTag(t)
	l.target(t, "")
	before, hooks := l.snapshot(t, bindings()), l.hooksOfTags(t)
	l.rerig(t, moving("--to", newRevision, "--soak", "0s")...).exits(t, exitDone)
	l.bound(t, map[string]string{"tagged/web": newRevision})

	for _, tag := range []string{"prod", "default"} {
		output(t, nil, istioctl(t, newVersion), "tag", "remove", tag, "-y", "--kubeconfig", l.kubeconfig)
	}
	for _, tag := range []string{"default", "prod"} {
		began := time.Now()
		held := l.rerig(t, back()...)
		held.exits(t, exitHeld)
		remedy := "istioctl tag set " + tag + " --revision 1-29-1"
		held.says(t, "Held at tag "+tag+" (CheckFailed)", "the tag "+tag+" is gone: no webhook of it exists that could be pointed at 1-29-1", remedy)
		if took := time.Since(began); took > 20*time.Second {
			t.Errorf("tag %s is gone, and that was said after %s", tag, short(took))
		}
		l.stands(t, all(newRevision))
		l.phase(t, "Held")
		output(t, nil, istioctl(t, oldVersion), "tag", "set", tag, "--revision", oldRevision, "--kubeconfig", l.kubeconfig)
	}
	l.rerig(t, back()...).exits(t, exitDone)
	l.stands(t, all(oldRevision))
	l.bound(t, map[string]string{"tagged/web": oldRevision})
	l.snapshot(t, bindings()).withoutStamps(t).same(t, "the way there and back", before.withoutStamps(t))
	l.hooksOfTags(t).same(t, "the tags that were made anew", hooks)
}

// hooksOfTags is what tags call, and the validator; not whose they are: what is made
// anew bears other labels.
func (l *lab) hooksOfTags(t *testing.T) snapshot {
	t.Helper()
	return l.snapshot(t, everything()).of("/istio-revision-tag", "/istiod-default").of(" webhooks")
}

// boundByTag has a workload in namespace tagged that the tag prod leads to the old revision.
func (l *lab) boundByTag(t *testing.T) {
	t.Helper()
	l.tagged(t, "prod", oldRevision)
	l.namespace(t, "tagged", map[string]string{"istio.io/rev": "prod"})
	l.workload(t, "tagged", "web")
	l.settlesIn(t, "tagged", "web")
}

// tag points a tag at a revision by hand, with that revision's istioctl.
func (l *lab) tag(t *testing.T, tag, revision string) {
	t.Helper()
	output(t, nil, istioctl(t, versions[revision]), "tag", "set", tag, "--revision", revision, "--overwrite", "--kubeconfig", l.kubeconfig)
}

// tagged sets a tag by hand, for the length of a test.
func (l *lab) tagged(t *testing.T, tag, revision string) {
	t.Helper()
	l.tag(t, tag, revision)
	t.Cleanup(func() {
		hooks := l.objects.Resource(resource("admissionregistration.k8s.io", "v1", "mutatingwebhookconfigurations"))
		_ = hooks.Delete(context.Background(), "istio-revision-tag-"+tag, metav1.DeleteOptions{})
		_ = l.core.Services("istio-system").Delete(context.Background(), "istiod-revision-tag-"+tag, metav1.DeleteOptions{})
	})
}
