// SPDX-License-Identifier: Apache-2.0

package stories

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// TestOtherToolsDuringARun has an autoscaler, another tool, a team and a GitOps tool
// change the mesh during a run.
func TestOtherToolsDuringARun(t *testing.T) {
	l := targetLab(t, "scaled, restarted by another tool, a new namespace, a GitOps tool that reverts: each is moved, or the run holds "+
		"and says why")
	g := newGate(t, l.config)
	args := upgradeArgs("--to", newRevision, "--soak", "0s", "--ready-timeout", "15s")
	defer l.scaleDeployment(t, "shop-web", "web", 2)

	// Scaled, restarted, and a new namespace: the run completes, and then names the
	// namespace.
	pause := g.pauseAt(t, labelOf("shop-data"))
	p := start(t, g.kubeconfig, args...)
	pause.waitReached(t, p)
	l.scaleDeployment(t, "shop-web", "web", 3)
	l.patch(t, deployments, "shop-core", "catalog",
		templateAnnotations(map[string]any{"kubectl.kubernetes.io/restartedAt": "2026-01-01T00:00:00Z"}))
	l.createNamespace(t, "late", map[string]string{"istio.io/rev": oldRevision})
	l.createDeployment(t, "late", "web")
	pause.proceed()
	e := p.end(t, runTimeout)
	e.requireExit(t, exitHeld)
	e.requireOutput(t, "Held at late (PlanChanged)", "everything that was approved has moved and is verified",
		"bound to another revision: late")
	l.requireSidecars(t, map[string]string{"late/web": oldRevision})

	// Again: the new namespace gets a wave of its own. A GitOps tool reverts its label
	// in the middle, and rerig does not set it again.
	pause = g.pauseAt(t, restartOf("late", "web"))
	p = start(t, g.kubeconfig, args...)
	pause.waitReached(t, p)
	l.commitLabel(t, "late", oldRevision)
	pause.proceed()
	e = p.end(t, runTimeout)
	e.requireExit(t, exitHeld)
	e.requireOutput(t, "PlanChanged", "label late: istio.io/rev=1-29-1 -> istio.io/rev=1-31-0")
	e = l.rerig(t, args...)
	e.requireExit(t, exitHeld)
	e.requireOutput(t, "Wave 4 of 4 late", "(ForCommit)",
		"namespace late is managed by Argo CD (field manager argocd-controller): commit its labels istio.io/rev=1-31-0 there")
	l.commitLabel(t, "late", newRevision)
	l.rerig(t, args...).requireExit(t, exitDone)
	l.requirePlacement(t, everywhere(newRevision))
	l.requireSidecars(t, map[string]string{"late/web": newRevision})
	if n := len(l.podsOf(t, "shop-web", "web")); n != 3 {
		t.Errorf("shop-web/web has %d pods, and was scaled to 3", n)
	}
	l.requirePhase(t, "Completed")

	l.commitLabel(t, "late", oldRevision)
	l.rerig(t, rollbackArgs()...).requireExit(t, exitDone)
	l.requireSidecars(t, map[string]string{"late/web": oldRevision})
	l.requireLabels(t, everywhere(oldRevision))
}

// scaleDeployment scales a Deployment.
func (l *lab) scaleDeployment(t *testing.T, ns, name string, n int) {
	t.Helper()
	l.patch(t, deployments, ns, name, map[string]any{"spec": map[string]any{"replicas": n}})
	l.waitRolledOut(t, ns, name)
}

// commitLabel sets a namespace's label as a GitOps tool does.
func (l *lab) commitLabel(t *testing.T, ns, revision string) {
	t.Helper()
	fields := toJSON(t, map[string]any{"metadata": map[string]any{"labels": map[string]any{"istio.io/rev": revision}}})
	if _, err := l.objects.Resource(namespaces).Patch(t.Context(), ns, types.MergePatchType, fields,
		metav1.PatchOptions{FieldManager: "argocd-controller"}); err != nil {
		t.Fatal(err)
	}
}
