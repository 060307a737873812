// SPDX-License-Identifier: Apache-2.0

package stories

import (
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/runtime/schema"
)

// TestNeverReady moves a workload whose new pods never become ready.
func TestNeverReady(t *testing.T) {
	l := hollow(t, "a workload that does not become ready in its time: the run stops at it and puts its wave back")
	l.neverReady(t, deployments, "Deployment", "shop-web", "web")
}

// TestStatefulSetNeverReady does so with one whose controller waits for the pod
// that never became ready, even when its template is put back.
func TestStatefulSetNeverReady(t *testing.T) {
	l := hollow(t, "a StatefulSet that does not become ready in its time: the pod that its controller waits for is evicted on the way back")
	e := l.neverReady(t, resource("apps", "v1", "statefulsets"), "StatefulSet", "shop-data", "ledger")
	e.says(t, "evicted pod ledger-1 of StatefulSet shop-data/ledger")
}

func (l *lab) neverReady(t *testing.T, r schema.GroupVersionResource, kind, ns, name string) ended {
	t.Helper()
	l.target(t, "")
	unready := map[string]any{"spec": map[string]any{"template": map[string]any{"metadata": map[string]any{"annotations": map[string]any{"lab.rerig.dev/not-ready": "true@" + newRevision}}}}}
	l.merge(t, r, ns, name, unready)
	l.settles(t, all(oldRevision))
	before := l.snapshot(t, bindings())

	e := l.rerig(t, moving("--to", newRevision, "-n", ns, "--soak", "0s", "--ready-timeout", "12s", "--rollback-on-failure")...)
	e.exits(t, exitHeld)
	e.says(t, "WaveReverted", kind+" "+ns+"/"+name, "(waited 12s)")
	t.Logf("stopped after %s", short(e.took))
	l.snapshot(t, bindings()).withoutStamps(t).same(t, "a wave that was put back", before.withoutStamps(t))
	l.stands(t, all(oldRevision))
	l.phase(t, "Held")
	return e
}

// TestIstiodGone takes the target's istiod away in the middle of the run.
func TestIstiodGone(t *testing.T) {
	l := hollow(t, "the target's istiod goes away in mid-run: the run waits and names it, and goes on when it is back")
	l.target(t, "")
	g := newGate(t, l.config)
	pause := g.pauseAt(t, labels("shop-data"))
	p := start(t, g.kubeconfig, moving("-f", file(t, inFile))...)
	pause.await(t, p)
	l.scale(t, newRevision, 0)
	pause.proceed()
	p.hears(t, "istiod of revision 1-31-0 is scaled to 0 replicas", time.Minute)
	time.Sleep(5 * time.Second) // a few looks: nothing may move in them
	l.labelled(t, stand{"shop-web": newRevision, "shop-data": newRevision})
	if !p.running() {
		t.Fatalf("it did not wait; it said:\n%s", p.text())
	}
	l.scale(t, newRevision, 1)
	p.end(t, longest).exits(t, exitDone)
	l.stands(t, all(newRevision))
	l.phase(t, "Completed")
}

// inFile says in a file what the other stories say in flags.
const inFile = `apiVersion: rerig.dev/v1alpha1
kind: MeshUpgrade
metadata: {name: from-a-file}
spec:
  revision: ` + newRevision + `
  waves:
  - namespaces: [shop-web]
  - namespaces: [shop-data, shop-core]
  maxParallel: 2
  soak: 0s
`
