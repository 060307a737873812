// SPDX-License-Identifier: Apache-2.0

package stories

import (
	"context"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TestDisturbed changes the mesh by other hands in the middle of a run.
func TestDisturbed(t *testing.T) {
	l := hollow(t, "other hands change the mesh in mid-run: what is new is asked for again, what is gone is no matter")
	l.target(t, "")
	l.workload(t, "shop-data", "leaves")
	l.settles(t, all(oldRevision))
	g := newGate(t, l.config)
	args := moving("--to", newRevision, "--soak", "0s")

	pause := g.pauseAt(t, labels("shop-web"))
	p := start(t, g.kubeconfig, args...)
	pause.await(t, p)
	l.label(t, "shop-core", map[string]any{"istio.io/rev": nil, "istio-injection": "enabled"})
	pause.proceed()
	e := p.end(t, longest)
	e.exits(t, exitHeld)
	e.says(t, "PlanChanged", "label shop-core: istio-injection=enabled -> istio.io/rev=1-31-0", "Run the same command again")
	l.labelled(t, stand{"shop-web": newRevision, "shop-data": oldRevision})

	pause = g.pauseAt(t, restarts("shop-web", "web"))
	p = start(t, g.kubeconfig, args...)
	pause.await(t, p)
	l.workload(t, "shop-data", "comes")
	l.settlesIn(t, "shop-data", "comes")
	pause.proceed()
	e = p.end(t, longest)
	e.exits(t, exitHeld)
	e.says(t, "PlanChanged", "restart Deployment shop-data/comes: 1-29-1 -> 1-31-0")

	pause = g.pauseAt(t, labels("shop-data"))
	p = start(t, g.kubeconfig, args...)
	pause.await(t, p)
	if err := l.objects.Resource(deployments).Namespace("shop-data").Delete(t.Context(), "leaves", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	pause.proceed()
	e = p.end(t, longest)
	e.exits(t, exitDone)
	l.stands(t, all(newRevision))
	l.phase(t, "Completed")

	// The way back goes to what was found first, whatever came in between.
	l.rerig(t, back()...).exits(t, exitDone)
	l.stands(t, all(oldRevision))
	l.labelled(t, all(oldRevision))
}

// TestNamespaceGoesEarly deletes a namespace that is to be moved, with all that is
// in it, while the control plane is being installed.
func TestNamespaceGoesEarly(t *testing.T) {
	l := hollow(t, "a namespace is deleted before the new control plane is judged: it is not compared for, and the rest is moved")
	l.namespace(t, "leaves", map[string]string{"istio.io/rev": oldRevision})
	l.workload(t, "leaves", "web")
	l.settlesIn(t, "leaves", "web")
	g := newGate(t, l.config)
	pause := g.pauseAt(t, installs(1))
	p := start(t, g.kubeconfig, upgrading(t, "--soak", "0s", "-n", "leaves,shop-web", "--ready-timeout", "30s")...)
	pause.await(t, p)
	l.remove(t, "namespaces", "", "leaves")
	pause.proceed()
	e := p.end(t, longest)
	e.exits(t, exitDone)
	e.says(t, "restart Deployment leaves/web 1 pod 1-29-1 -> 1-31-0", "validated revision 1-31-0", "Run to-1-31-0 is complete")
	l.stands(t, stand{"shop-web": newRevision, "shop-data": oldRevision, "shop-core": oldRevision})

	l.rerig(t, back()...).exits(t, exitDone)
	l.stands(t, all(oldRevision))
	l.labelled(t, all(oldRevision))
}

// restarts tells the write that restarts a Deployment.
func restarts(ns, name string) func(write) bool {
	return func(w write) bool {
		return w.method == "PATCH" && w.path == "/apis/apps/v1/namespaces/"+ns+"/deployments/"+name && w.code == 200
	}
}

// workload makes a Deployment of one pod for the length of a test.
func (l *lab) workload(t *testing.T, ns, name string) {
	t.Helper()
	labels := map[string]any{"app": name}
	o := object("apps/v1", "Deployment", ns, name)
	o["spec"] = map[string]any{"replicas": int64(1), "selector": map[string]any{"matchLabels": labels},
		"template": map[string]any{"metadata": map[string]any{"labels": labels},
			"spec": map[string]any{"containers": []any{map[string]any{"name": name, "image": "docker.io/lab/" + name}}}}}
	l.put(t, "deployments", o)
	t.Cleanup(func() {
		// It may be gone already: that is what some stories are about.
		_ = l.objects.Resource(deployments).Namespace(ns).Delete(context.Background(), name, metav1.DeleteOptions{})
	})
}

// settlesIn waits for one Deployment.
func (l *lab) settlesIn(t *testing.T, ns, name string) {
	t.Helper()
	eventually(t, longest, func() error { return rolled(l.get(t, ns, name)) })
}
