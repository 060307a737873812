// SPDX-License-Identifier: Apache-2.0

package stories

import (
	"context"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TestMovedTagIsRemoved removes tags that a run has moved: the rollback has nothing to
// point at the old revision.
func TestMovedTagIsRemoved(t *testing.T) {
	l := targetLab(t, "a tag that was moved is removed: the rollback holds at once, says how to re-create it, and then continues")
	l.createTaggedNamespace(t)
	before, hooks := l.snapshot(t, bindingFields()), l.tagWebhooks(t)
	l.rerig(t, upgradeArgs("--to", newRevision, "--soak", "0s", "--waves", "1")...).requireExit(t, exitDone)
	l.requireSidecars(t, map[string]string{"tagged/web": newRevision})

	for _, tag := range []string{"prod", "default"} {
		output(t, nil, istioctl(t, newVersion), "tag", "remove", tag, "-y", "--kubeconfig", l.kubeconfig)
	}
	for _, tag := range []string{"default", "prod"} {
		began := time.Now()
		held := l.rerig(t, rollbackArgs()...)
		held.requireExit(t, exitHeld)
		remedy := "istioctl tag set " + tag + " --revision 1-29-1"
		held.requireOutput(t, "Held at tag "+tag+" (CheckFailed)",
			"the tag "+tag+" is gone: no webhook of it exists that could be pointed at 1-29-1", remedy)
		if took := time.Since(began); took > 20*time.Second {
			t.Errorf("tag %s is gone, and that was reported after %s", tag, short(took))
		}
		l.requirePlacement(t, everywhere(newRevision))
		l.requirePhase(t, "Held")
		output(t, nil, istioctl(t, oldVersion), "tag", "set", tag, "--revision", oldRevision, "--kubeconfig", l.kubeconfig)
	}
	l.rerig(t, rollbackArgs()...).requireExit(t, exitDone)
	l.requirePlacement(t, everywhere(oldRevision))
	l.requireSidecars(t, map[string]string{"tagged/web": oldRevision})
	l.snapshot(t, bindingFields()).withoutRestarts(t).requireSame(t, "upgrade and rollback", before.withoutRestarts(t))
	l.tagWebhooks(t).requireSame(t, "the tags that were re-created", hooks)
}

// tagWebhooks returns the webhooks of tags and the validator, without their labels,
// which differ after a tag is re-created.
func (l *lab) tagWebhooks(t *testing.T) snapshot {
	t.Helper()
	return l.snapshot(t, allFields()).matching("/istio-revision-tag", "/istiod-default").matching(" webhooks")
}

// createTaggedNamespace creates a workload in namespace tagged, which the tag prod binds
// to the old revision.
func (l *lab) createTaggedNamespace(t *testing.T) {
	t.Helper()
	l.setTagForTest(t, "prod", oldRevision)
	l.createNamespace(t, "tagged", map[string]string{"istio.io/rev": "prod"})
	l.createDeployment(t, "tagged", "web")
	l.waitRolledOut(t, "tagged", "web")
}

// setTag points a tag at a revision with that revision's istioctl.
func (l *lab) setTag(t *testing.T, tag, revision string) {
	t.Helper()
	output(t, nil, istioctl(t, versions[revision]), "tag", "set", tag, "--revision", revision, "--overwrite", "--kubeconfig", l.kubeconfig)
}

// setTagForTest sets a tag and removes it when the test ends.
func (l *lab) setTagForTest(t *testing.T, tag, revision string) {
	t.Helper()
	l.setTag(t, tag, revision)
	t.Cleanup(func() {
		hooks := l.objects.Resource(resource("admissionregistration.k8s.io", "v1", "mutatingwebhookconfigurations"))
		_ = hooks.Delete(context.Background(), "istio-revision-tag-"+tag, metav1.DeleteOptions{})
		_ = l.core.Services("istio-system").Delete(context.Background(), "istiod-revision-tag-"+tag, metav1.DeleteOptions{})
	})
}
