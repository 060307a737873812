// SPDX-License-Identifier: Apache-2.0

package stories

import (
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/runtime/schema"
)

// TestNeverReady moves a workload whose new pods never become ready.
func TestNeverReady(t *testing.T) {
	l := targetLab(t, "a workload that does not become ready in time: the run holds and rolls its wave back")
	l.rollBackUnready(t, deployments, "Deployment", "shop-web", "web")
}

// TestStatefulSetNeverReady moves a StatefulSet, whose controller waits for a pod that
// never becomes ready, even after its template is restored.
func TestStatefulSetNeverReady(t *testing.T) {
	l := targetLab(t, "a StatefulSet that does not become ready in time: the rollback evicts the pod that its controller waits for")
	e := l.rollBackUnready(t, resource("apps", "v1", "statefulsets"), "StatefulSet", "shop-data", "ledger")
	e.requireOutput(t, "evicted pod ledger-1 of StatefulSet shop-data/ledger")
}

func (l *lab) rollBackUnready(t *testing.T, r schema.GroupVersionResource, kind, ns, name string) result {
	t.Helper()
	unready := templateAnnotations(map[string]any{"lab.rerig.dev/not-ready": "true@" + newRevision})
	l.patch(t, r, ns, name, unready)
	l.waitPlacement(t, everywhere(oldRevision))
	before := l.snapshot(t, bindingFields())

	e := l.rerig(t, upgradeArgs("--to", newRevision, "-n", ns, "--soak", "0s", "--ready-timeout", "12s", "--rollback-on-failure")...)
	e.requireExit(t, exitHeld)
	e.requireOutput(t, "WaveReverted", kind+" "+ns+"/"+name, "(waited 12s)")
	t.Logf("stopped after %s", short(e.took))
	l.snapshot(t, bindingFields()).withoutRestarts(t).requireSame(t, "a wave that was rolled back", before.withoutRestarts(t))
	l.requirePlacement(t, everywhere(oldRevision))
	l.requirePhase(t, "Held")
	return e
}

// TestIstiodIsDownDuringARun scales the target's istiod to zero in the middle of a run.
func TestIstiodIsDownDuringARun(t *testing.T) {
	l := targetLab(t, "the target's istiod is scaled to zero during a run: the run waits, names it, and continues when it is back")
	g := newGate(t, l.config)
	pause := g.pauseAt(t, labelOf("shop-data"))
	p := start(t, g.kubeconfig, upgradeArgs("-f", tempFile(t, specFile))...)
	pause.waitReached(t, p)
	l.scaleIstiod(t, newRevision, 0)
	pause.proceed()
	p.waitOutput(t, "istiod of revision 1-31-0 is scaled to 0 replicas", time.Minute)
	time.Sleep(5 * time.Second) // some turns: nothing may move in them
	l.requireLabels(t, placement{"shop-web": newRevision, "shop-data": newRevision})
	if !p.running() {
		t.Fatalf("it did not wait; output:\n%s", p.text())
	}
	l.scaleIstiod(t, newRevision, 1)
	p.end(t, runTimeout).requireExit(t, exitDone)
	l.requirePlacement(t, everywhere(newRevision))
	l.requirePhase(t, "Completed")
}

// specFile is a MeshUpgrade with what other stories give as flags.
const specFile = `apiVersion: rerig.dev/v1alpha1
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
