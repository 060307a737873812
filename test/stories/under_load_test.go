// SPDX-License-Identifier: Apache-2.0

package stories

import (
	"fmt"
	"slices"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// The stories in this file share one real lab, in this order: the last two delete the
// shop.

// undrainedService is the one service of the shop that ends at once on SIGTERM.
const undrainedService = "rates"

// TestRestartUnderLoad upgrades the shop and rolls it back under load, with real
// proxies.
func TestRestartUnderLoad(t *testing.T) {
	l := realLab(t, "under load, with real proxies: upgrade and rollback, and no request fails but those of the service that does not "+
		"drain; a wave whose Envoys reject their configuration is rolled back")
	rounds := 1
	if exhaustive() {
		rounds = 5
	}
	for range rounds {
		l.upgradeAndRollBack(t)
	}
	if exhaustive() {
		l.failWave(t) // TestFirstWaveFails shows it on a hollow lab
	}
}

func (l *lab) upgradeAndRollBack(t *testing.T) {
	t.Helper()
	before, gateways := l.snapshot(t, bindingFields()), l.gatewaySnapshot(t)
	l.readLoad(t) // resets its counts

	moved := l.rerig(t, installArgs(t, "--waves", "2")...)
	moved.requireExit(t, exitDone)
	moved.requireOutput(t, "Deployment shop-data/rates no preStop hook in container rates")
	t.Logf("upgrade: %s", short(moved.took))
	l.readLoad(t).requireServed(t, "the upgrade")
	l.requirePlacement(t, everywhere(newRevision))
	l.requireLabels(t, everywhere(newRevision))
	l.gatewaySnapshot(t).requireSame(t, "the gateways after the upgrade", gateways)
	for _, holder := range []string{"ns/shop-web/sa/web", "ns/shop-core/sa/cart", "ns/shop-core/sa/catalog", "ns/shop-core/sa/notes",
		"ns/shop-data/sa/ledger", "ns/shop-data/sa/rates"} {
		moved.requireOutput(t, ": spiffe://cluster.local/"+holder)
	}
	l.requireMetrics(t, map[string]float64{
		`sum(pilot_xds{version="1.31.0"})`: 13,
		`sum(pilot_xds{version="1.29.1"})`: 4,
	})

	returned := l.rerig(t, rollbackArgs()...)
	returned.requireExit(t, exitDone)
	t.Logf("rollback: %s", short(returned.took))
	l.readLoad(t).requireServed(t, "the rollback")
	l.requirePlacement(t, everywhere(oldRevision))
	l.gatewaySnapshot(t).requireSame(t, "the gateways after the rollback", gateways)
	l.snapshot(t, bindingFields()).withoutTarget().withoutRestarts(t).requireSame(t, "upgrade and rollback",
		before.withoutTarget().withoutRestarts(t))
	l.requireMetrics(t, map[string]float64{`sum(pilot_xds{version="1.29.1"})`: 17})
}

// TestTrialUnderLoad creates a trial pod of each workload under load, with real proxies.
func TestTrialUnderLoad(t *testing.T) {
	l := realLab(t, "under load, with real proxies: the trial pod of each workload serves real requests, none fails but at the service "+
		"that does not drain, and nothing is left")
	args, workloads, want := installArgs(t, "--trial", "in-service"), shopWorkloads, everywhere(newRevision)
	if !exhaustive() {
		workloads, want = shopWorkloads[:3], placement{"shop-web": newRevision, "shop-data": newRevision, "shop-core": oldRevision}
		args = append(args, "-n", "shop-web", "-n", "shop-data", "--waves", "1")
	}
	c := l.countRequests(t)
	l.readLoad(t) // resets its counts
	e := start(t, l.kubeconfig, args...).end(t, 2*runTimeout)
	e.requireExit(t, exitDone)
	t.Logf("upgrade with trials: %s", short(e.took))
	report := l.readLoad(t)
	report.requireServed(t, "the upgrade with trials")
	l.requireNoTrials(t)
	l.requirePlacement(t, want)
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, wl := range workloads {
		t.Logf("the trial pod of %s served %d requests or connections", wl, c.of[wl])
		if c.of[wl] == 0 {
			t.Errorf("the trial pod of %s served nothing", wl)
		}
	}
	// The service that does not drain loses requests in its restart, and none in its trial.
	for _, f := range report.Failures {
		at, err := time.Parse(time.RFC3339Nano, f.Time)
		if last := c.last["Deployment shop-data/"+undrainedService]; err != nil || at.Before(last) {
			t.Errorf("failed at %s, in a trial, the last of which was there at %s: %+v, %v", f.Time, last.UTC(), f, err)
		}
	}
}

// TestSwapUnderLoad swaps services that do not drain, and rolls back, beside a restart,
// under 200 requests a second from another namespace of the mesh.
func TestSwapUnderLoad(t *testing.T) {
	l := realLab(t, "under load, with real proxies: services that do not drain are swapped and rolled back without a lost request, "+
		"beside one that is restarted and loses some")
	l.deleteShop(t)
	l.createUndrained(t)
	rounds := 1
	if exhaustive() {
		rounds = 10
	}
	kills := 0
	for n := range rounds {
		before := l.undrainedPods(t)
		l.readLoad(t) // resets its counts
		upgrade := start(t, l.kubeconfig, l.undrainedArgs(t, "--soak", "30m")...)
		if n%2 == 1 { // every other process is killed in the middle
			time.Sleep(time.Duration(25+3*n) * time.Second)
			upgrade.kill()
			kills++
			l.waitLeaseExpired(t)
			upgrade = start(t, l.kubeconfig, l.undrainedArgs(t, "--soak", "30m")...)
		}
		upgrade.waitOutput(t, "soaking until", runTimeout)
		upgrade.kill()
		l.waitLeaseExpired(t) // a request may take 4 s
		l.readLoad(t).requireNoLoss(t, fmt.Sprintf("upgrade, round %d", n+1))

		rollback := start(t, l.kubeconfig, rollbackArgs("--lease-duration", loadLease)...)
		if n%2 == 1 {
			time.Sleep(time.Duration(6+n) * time.Second)
			rollback.kill()
			kills++
			l.waitLeaseExpired(t)
			rollback = start(t, l.kubeconfig, rollbackArgs("--lease-duration", loadLease)...)
		}
		e := rollback.end(t, runTimeout)
		e.requireExit(t, exitDone)
		time.Sleep(5 * time.Second)
		l.readLoad(t).requireNoLoss(t, fmt.Sprintf("rollback, round %d (%s)", n+1, short(e.took)))
		if after := l.undrainedPods(t); !slices.Equal(before, after) {
			t.Errorf("round %d: got serving pods %v, want %v", n+1, after, before)
		}
	}
	if !exhaustive() {
		return // TestGatewaysUnderLoad deletes parked pods too
	}
	t.Logf("%d processes were killed in the middle", kills)
	moved := start(t, l.kubeconfig, l.undrainedArgs(t, "--soak", "2s")...).end(t, runTimeout)
	moved.requireExit(t, exitDone)
	time.Sleep(5 * time.Second)
	l.readLoad(t).requireNoLoss(t, "upgrade until the parked pods are deleted ("+short(moved.took)+")")
	if err := l.swapLeftovers(t, undrainedNamespace); err != nil {
		t.Error(err)
	}
}

// TestGatewaysUnderLoad moves an injected gateway and one that istiod deploys, and rolls
// them back, under load from outside of the mesh. It measures beside it what happens
// without Rerig.
func TestGatewaysUnderLoad(t *testing.T) {
	l := realLab(t, "under load from outside of the mesh: an injected gateway and one that istiod deploys are moved and rolled back, no "+
		"request is lost and no held connection is cut; moved with kubectl, measured beside it, all are cut")
	l.deleteNamespaces(t, append([]string{"load", "outside", undrainedNamespace}, shopNamespaces...)...)
	l.createGatewayAPI(t)
	l.createLoad(t, "gateways.yaml")
	rounds := 1
	if exhaustive() {
		rounds = 10
	}
	for n := range rounds {
		before := l.loadedGatewayPods(t)
		l.readLoad(t) // resets its counts
		upgrade := start(t, l.kubeconfig, l.loadedGatewayArgs(t, "--soak", "30m")...)
		upgrade.waitOutput(t, "soaking until", runTimeout)
		upgrade.kill()
		l.waitLeaseExpired(t)
		l.readLoad(t).requireNothingCut(t, fmt.Sprintf("upgrade, round %d", n+1))
		e := start(t, l.kubeconfig, rollbackArgs("--lease-duration", loadLease)...).end(t, runTimeout)
		e.requireExit(t, exitDone)
		time.Sleep(5 * time.Second)
		l.readLoad(t).requireNothingCut(t, fmt.Sprintf("rollback, round %d (%s)", n+1, short(e.took)))
		if after := l.loadedGatewayPods(t); !slices.Equal(before, after) {
			t.Errorf("round %d: got serving pods %v, want %v", n+1, after, before)
		}
	}
	next := newRevision
	if exhaustive() {
		moved := start(t, l.kubeconfig, l.loadedGatewayArgs(t, "--soak", "2s", "--park-max", "20s")...).end(t, runTimeout)
		moved.requireExit(t, exitDone)
		time.Sleep(5 * time.Second)
		r := l.readLoad(t)
		r.requireNoLoss(t, "upgrade until the parked pods are deleted ("+short(moved.took)+")")
		if cut := r.cut(); cut != heldConnections {
			t.Errorf("connections cut after --park-max: %d, want %d", cut, heldConnections)
		}
		next = oldRevision
	}
	for _, ns := range loadedGateways {
		if err := l.swapLeftovers(t, ns); err != nil {
			t.Error(err)
		}
	}
	l.moveGatewaysWithKubectl(t, next)
	time.Sleep(10 * time.Second)
	r := l.readLoad(t)
	r.logLoss(t, "the same by kubectl: the namespace labelled and the Deployment restarted, the Gateway relabelled")
	if cut := r.cut(); cut < heldConnections {
		t.Errorf("connections cut by kubectl: %d, want %d: the load holds none", cut, heldConnections)
	}
}

// loadedGateways are the namespaces of the gateways under load.
var loadedGateways = []string{"edge", "edge-api"}

// heldConnections is how many connections the load holds through them.
const heldConnections = 16

func (l *lab) loadedGatewayArgs(t *testing.T, more ...string) []string {
	t.Helper()
	return append([]string{"upgrade", "--to", newRevision, "--operator", operatorFile(t, newRevision), "--istioctl", istioctl(t,
		newVersion), "--yes", "-n", loadedGateways[0], "-n", loadedGateways[1], "--waves", "1", "--gateways", "with-their-namespace",
		"--lease-duration", loadLease}, more...)
}

// loadedGatewayPods returns the UIDs of the gateways' pods, sorted.
func (l *lab) loadedGatewayPods(t *testing.T) []string {
	t.Helper()
	var uids []string
	for _, ns := range loadedGateways {
		pods, err := l.core.Pods(ns).List(t.Context(), metav1.ListOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range pods.Items {
			if p.DeletionTimestamp == nil {
				uids = append(uids, string(p.UID))
			}
		}
	}
	slices.Sort(uids)
	return uids
}

// moveGatewaysWithKubectl moves the gateways as people do without Rerig, and waits for their
// rollouts.
func (l *lab) moveGatewaysWithKubectl(t *testing.T, revision string) {
	t.Helper()
	l.kubectl(t, "label", "namespace", "edge", "istio.io/rev="+revision, "--overwrite")
	l.kubectl(t, "rollout", "restart", "-n", "edge", "deployment/edge")
	l.kubectl(t, "rollout", "status", "-n", "edge", "deployment/edge", "--timeout=3m")
	l.kubectl(t, "label", "gateway", "-n", "edge-api", "edge", "istio.io/rev="+revision, "--overwrite")
	l.kubectl(t, "wait", "-n", "edge-api", "deployment/edge-istio", "--timeout=1m",
		`--for=jsonpath={.spec.template.metadata.annotations.istio\.io/rev}=`+revision)
	l.kubectl(t, "rollout", "status", "-n", "edge-api", "deployment/edge-istio", "--timeout=3m")
}
