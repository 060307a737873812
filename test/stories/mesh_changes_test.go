// SPDX-License-Identifier: Apache-2.0

package stories

import (
	"context"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TestMeshChangesDuringARun changes the mesh in the middle of a run.
func TestMeshChangesDuringARun(t *testing.T) {
	l := targetLab(t, "the mesh changes during a run: new work needs approval, deleted objects do not matter")
	l.createDeployment(t, "shop-data", "leaves")
	l.waitPlacement(t, everywhere(oldRevision))
	g := newGate(t, l.config)
	args := upgradeArgs("--to", newRevision, "--soak", "0s")

	pause := g.pauseAt(t, labelOf("shop-web"))
	p := start(t, g.kubeconfig, args...)
	pause.waitReached(t, p)
	l.label(t, "shop-core", map[string]any{"istio.io/rev": nil, "istio-injection": "enabled"})
	pause.proceed()
	e := p.end(t, runTimeout)
	e.requireExit(t, exitHeld)
	e.requireOutput(t, "PlanChanged", "label shop-core: istio-injection=enabled -> istio.io/rev=1-31-0", "Run the same command again")
	l.requireLabels(t, placement{"shop-web": newRevision, "shop-data": oldRevision})

	pause = g.pauseAt(t, restartOf("shop-web", "web"))
	p = start(t, g.kubeconfig, args...)
	pause.waitReached(t, p)
	l.createDeployment(t, "shop-data", "comes")
	l.waitRolledOut(t, "shop-data", "comes")
	pause.proceed()
	e = p.end(t, runTimeout)
	e.requireExit(t, exitHeld)
	e.requireOutput(t, "PlanChanged", "restart Deployment shop-data/comes: 1-29-1 -> 1-31-0")

	pause = g.pauseAt(t, labelOf("shop-data"))
	p = start(t, g.kubeconfig, args...)
	pause.waitReached(t, p)
	if err := l.objects.Resource(deployments).Namespace("shop-data").Delete(t.Context(), "leaves", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	pause.proceed()
	e = p.end(t, runTimeout)
	e.requireExit(t, exitDone)
	l.requirePlacement(t, everywhere(newRevision))
	l.requirePhase(t, "Completed")

	// The rollback restores the baseline, whatever changed in between.
	l.rerig(t, rollbackArgs()...).requireExit(t, exitDone)
	l.requirePlacement(t, everywhere(oldRevision))
	l.requireLabels(t, everywhere(oldRevision))
}

// TestNamespaceIsDeletedEarly deletes a selected namespace while the control plane is
// being installed.
func TestNamespaceIsDeletedEarly(t *testing.T) {
	l := sharedLab(t, "a namespace is deleted before the new control plane is validated: it is ignored, and the others are moved")
	l.createNamespace(t, "leaves", map[string]string{"istio.io/rev": oldRevision})
	l.createDeployment(t, "leaves", "web")
	l.waitRolledOut(t, "leaves", "web")
	g := newGate(t, l.config)
	pause := g.pauseAt(t, istioctlWrite(1))
	p := start(t, g.kubeconfig, installArgs(t, "--soak", "0s", "-n", "leaves,shop-web", "--ready-timeout", "30s")...)
	pause.waitReached(t, p)
	l.deleteAndWait(t, "namespaces", "", "leaves")
	pause.proceed()
	e := p.end(t, runTimeout)
	e.requireExit(t, exitDone)
	e.requireOutput(t, "restart Deployment leaves/web 1 pod 1-29-1 -> 1-31-0", "validated revision 1-31-0", "Run to-1-31-0 is complete")
	l.requirePlacement(t, placement{"shop-web": newRevision, "shop-data": oldRevision, "shop-core": oldRevision})

	l.rerig(t, rollbackArgs()...).requireExit(t, exitDone)
	l.requirePlacement(t, everywhere(oldRevision))
	l.requireLabels(t, everywhere(oldRevision))
}

// restartOf matches the write that restarts a Deployment.
func restartOf(ns, name string) func(write) bool {
	return func(w write) bool {
		return w.method == "PATCH" && w.path == "/apis/apps/v1/namespaces/"+ns+"/deployments/"+name && w.code == 200
	}
}

// createDeployment creates a Deployment of one pod and deletes it when the test ends.
func (l *lab) createDeployment(t *testing.T, ns, name string) {
	t.Helper()
	labels := map[string]any{"app": name}
	o := object("apps/v1", "Deployment", ns, name)
	o["spec"] = map[string]any{"replicas": int64(1), "selector": map[string]any{"matchLabels": labels},
		"template": map[string]any{"metadata": map[string]any{"labels": labels},
			"spec": map[string]any{"containers": []any{map[string]any{"name": name, "image": "docker.io/lab/" + name}}}}}
	l.apply(t, "deployments", o)
	t.Cleanup(func() {
		// Some stories delete it.
		_ = l.objects.Resource(deployments).Namespace(ns).Delete(context.Background(), name, metav1.DeleteOptions{})
	})
}

// waitRolledOut waits until a Deployment is rolled out.
func (l *lab) waitRolledOut(t *testing.T, ns, name string) {
	t.Helper()
	eventually(t, runTimeout, func() error { return rolledOut(l.deployment(t, ns, name)) })
}
