// SPDX-License-Identifier: Apache-2.0

package stories

import (
	"fmt"
	"slices"
	"strings"
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
	l.failWave(t)
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
		return // TestGatewaySwapUnderLoad deletes its parked pods too
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

// TestGatewaySwapUnderLoad swaps an injected gateway and rolls it back, under load from
// outside of the mesh, and measures its restart beside it.
func TestGatewaySwapUnderLoad(t *testing.T) {
	l := realLab(t, "under load from outside of the mesh: an injected gateway is swapped and rolled back, no request is lost and no held "+
		"connection is cut; its restart, measured beside it, cuts all")
	l.deleteNamespaces(t, append([]string{"load", "outside", undrainedNamespace}, shopNamespaces...)...)
	l.createLoad(t, "behind.yaml", "gateway.yaml")
	loadedGateway{lab: l, selector: "app=edge", plain: "kubectl label and rollout restart", move: [][]string{
		{"label", "namespace", "edge", "istio.io/rev=REVISION", "--overwrite"},
		{"rollout", "restart", "-n", "edge", "deployment/edge"},
		{"rollout", "status", "-n", "edge", "deployment/edge", "--timeout=3m"},
	}}.moveUnderLoad(t)
}

// TestAPIGatewayUnderLoad does so with a gateway that istiod deploys, and measures what
// happens if its Gateway is relabelled.
func TestAPIGatewayUnderLoad(t *testing.T) {
	l := realLab(t, "under load from outside of the mesh: a gateway that istiod deploys is moved and rolled back, no request is lost and no "+
		"held connection is cut; its Gateway relabelled, measured beside it, cuts all")
	l.deleteNamespaces(t, append([]string{"edge", "behind", "load", "outside", undrainedNamespace}, shopNamespaces...)...)
	l.createGatewayAPI(t)
	l.createLoad(t, "behind.yaml", "api-gateway.yaml")
	loadedGateway{lab: l, selector: "gateway.networking.k8s.io/gateway-name=edge", plain: "kubectl label gateway", move: [][]string{
		{"label", "gateway", "-n", "edge", "edge", "istio.io/rev=REVISION", "--overwrite"},
		{"wait", "-n", "edge", "deployment/edge-istio", "--timeout=1m",
			"--for=jsonpath={.spec.template.metadata.annotations.istio\\.io/rev}=REVISION"},
		{"rollout", "status", "-n", "edge", "deployment/edge-istio", "--timeout=3m"},
	}}.moveUnderLoad(t)
}

// heldConnections is how many connections the load holds through a gateway.
const heldConnections = 8

// loadedGateway is the gateway under load in the namespace edge.
type loadedGateway struct {
	*lab
	selector string     // of its pods
	plain    string     // how people move it without Rerig
	move     [][]string // the same, as kubectl's arguments
}

// moveUnderLoad upgrades the gateway until it soaks, rolls it back, and moves it as people
// do without Rerig.
func (g loadedGateway) moveUnderLoad(t *testing.T) {
	t.Helper()
	rounds := 1
	if exhaustive() {
		rounds = 10
	}
	for n := range rounds {
		before := g.pods(t)
		g.readLoad(t) // resets its counts
		upgrade := start(t, g.kubeconfig, g.args(t, "--soak", "30m")...)
		upgrade.waitOutput(t, "soaking until", runTimeout)
		upgrade.kill()
		g.waitLeaseExpired(t)
		g.readLoad(t).requireNothingCut(t, fmt.Sprintf("upgrade, round %d", n+1))
		e := start(t, g.kubeconfig, rollbackArgs("--lease-duration", loadLease)...).end(t, runTimeout)
		e.requireExit(t, exitDone)
		time.Sleep(5 * time.Second)
		g.readLoad(t).requireNothingCut(t, fmt.Sprintf("rollback, round %d (%s)", n+1, short(e.took)))
		if after := g.pods(t); !slices.Equal(before, after) {
			t.Errorf("round %d: got serving pods %v, want %v", n+1, after, before)
		}
	}
	next := newRevision
	if exhaustive() {
		moved := start(t, g.kubeconfig, g.args(t, "--soak", "2s", "--park-max", "20s")...).end(t, runTimeout)
		moved.requireExit(t, exitDone)
		time.Sleep(5 * time.Second)
		r := g.readLoad(t)
		r.requireNoLoss(t, "upgrade until the parked pods are deleted ("+short(moved.took)+")")
		if cut := r.cut(); cut != heldConnections {
			t.Errorf("connections cut after --park-max: %d, want %d", cut, heldConnections)
		}
		next = oldRevision
	}
	if err := g.swapLeftovers(t, "edge"); err != nil {
		t.Error(err)
	}
	began := time.Now()
	for _, args := range g.move {
		for i := range args {
			args[i] = strings.ReplaceAll(args[i], "REVISION", next)
		}
		g.kubectl(t, args...)
	}
	time.Sleep(10 * time.Second)
	r := g.readLoad(t)
	r.logLoss(t, "the same by "+g.plain+" ("+short(time.Since(began))+")")
	if cut := r.cut(); cut < heldConnections {
		t.Errorf("connections cut by %s: %d, want %d: the load holds none", g.plain, cut, heldConnections)
	}
}

func (g loadedGateway) args(t *testing.T, more ...string) []string {
	t.Helper()
	return append([]string{"upgrade", "--to", newRevision, "--operator", operatorFile(t, newRevision), "--istioctl", istioctl(t,
		newVersion), "--yes", "-n", "edge", "--gateways", "last", "--lease-duration", loadLease}, more...)
}

// pods returns the UIDs of the pods that serve, sorted.
func (g loadedGateway) pods(t *testing.T) []string {
	t.Helper()
	pods, err := g.core.Pods("edge").List(t.Context(), metav1.ListOptions{LabelSelector: g.selector})
	if err != nil {
		t.Fatal(err)
	}
	var uids []string
	for _, p := range pods.Items {
		if p.DeletionTimestamp == nil {
			uids = append(uids, string(p.UID))
		}
	}
	slices.Sort(uids)
	return uids
}
