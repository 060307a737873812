// SPDX-License-Identifier: Apache-2.0

package stories

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// TestOtherHands has autoscalers, another tool, a team and a GitOps tool at work
// during a run.
func TestOtherHands(t *testing.T) {
	l := hollow(t, "scaled, restarted by another tool, a new namespace, a GitOps tool that reverts: each ends in the right place or in a hold that says why")
	l.target(t, "")
	g := newGate(t, l.config)
	args := moving("--to", newRevision, "--soak", "0s", "--ready-timeout", "15s")
	defer l.replicas(t, "shop-web", "web", 2)

	// Scaled, restarted, and a namespace that comes: the run goes on to its end
	// and then says what came.
	pause := g.pauseAt(t, labels("shop-data"))
	p := start(t, g.kubeconfig, args...)
	pause.await(t, p)
	l.replicas(t, "shop-web", "web", 3)
	l.merge(t, deployments, "shop-core", "catalog", map[string]any{"spec": map[string]any{"template": map[string]any{"metadata": map[string]any{
		"annotations": map[string]any{"kubectl.kubernetes.io/restartedAt": "2026-01-01T00:00:00Z"}}}}})
	l.namespace(t, "late", map[string]string{"istio.io/rev": oldRevision})
	l.workload(t, "late", "web")
	pause.proceed()
	e := p.end(t, longest)
	e.exits(t, exitHeld)
	e.says(t, "Held at late (PlanChanged)", "everything that was approved has moved and is verified", "bound to another revision: late")
	l.bound(t, map[string]string{"late/web": oldRevision})

	// Once more: the newcomer joins in a wave of its own. A GitOps tool takes its
	// label back in the middle, and is not fought.
	pause = g.pauseAt(t, restarts("late", "web"))
	p = start(t, g.kubeconfig, args...)
	pause.await(t, p)
	l.committed(t, "late", oldRevision)
	pause.proceed()
	e = p.end(t, longest)
	e.exits(t, exitHeld)
	e.says(t, "PlanChanged", "label late: istio.io/rev=1-29-1 -> istio.io/rev=1-31-0")
	e = l.rerig(t, args...)
	e.exits(t, exitHeld)
	e.says(t, "Wave 4 of 4 late", "(ForCommit)", "namespace late is kept by Argo CD (field manager argocd-controller): commit there its labels istio.io/rev=1-31-0")
	l.committed(t, "late", newRevision)
	l.rerig(t, args...).exits(t, exitDone)
	l.stands(t, all(newRevision))
	l.bound(t, map[string]string{"late/web": newRevision})
	if n := len(l.podsOf(t, "shop-web", "web")); n != 3 {
		t.Errorf("shop-web/web has %d pods, and was scaled to 3", n)
	}
	l.phase(t, "Completed")

	l.committed(t, "late", oldRevision)
	l.rerig(t, back()...).exits(t, exitDone)
	l.bound(t, map[string]string{"late/web": oldRevision})
	l.labelled(t, all(oldRevision))
}

// replicas scales a Deployment.
func (l *lab) replicas(t *testing.T, ns, name string, n int) {
	t.Helper()
	l.merge(t, deployments, ns, name, map[string]any{"spec": map[string]any{"replicas": n}})
	l.settlesIn(t, ns, name)
}

// committed sets a namespace's label as a GitOps tool does.
func (l *lab) committed(t *testing.T, ns, revision string) {
	t.Helper()
	fields := body(t, map[string]any{"metadata": map[string]any{"labels": map[string]any{"istio.io/rev": revision}}})
	if _, err := l.objects.Resource(namespaces).Patch(t.Context(), ns, types.MergePatchType, fields, metav1.PatchOptions{FieldManager: "argocd-controller"}); err != nil {
		t.Fatal(err)
	}
}
