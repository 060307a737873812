// SPDX-License-Identifier: Apache-2.0

package stories

import (
	"strings"
	"testing"
	"time"
)

// TestGatewaysKilledAtEveryWrite kills rerig after each write of a run that moves gateways of
// three makes, of a rollback onto the parked pods, and of one after these are gone, and runs the
// same command again.
func TestGatewaysKilledAtEveryWrite(t *testing.T) {
	l := ownLab(t, "killed after each write that moves gateways of three makes, and rolls them back, with and without parked pods: the same "+
		"command continues each time, to the same end", "killed")
	l.installTarget(t, "")
	l.createGateway(t, "edge-ingress")
	l.createGatewayAPI(t)
	l.applyFile(t, "api-gateways.yaml")
	eventually(t, time.Minute, func() error { return l.checkAPIGateways(t, oldRevision) })
	installed, deployed := l.gatewayState(t).without("pods"), l.apiGatewayObjects(t)
	g := newGate(t, l.config)
	args := append(l.gatewayArgs(t, "last", istioctlGateways...), "-n", "edge-ingress", "-n", "by-gateway", "-n", "by-namespace",
		"--waves", "1", "--soak", "0s", "--lease-duration", lease)
	requireMakes := func(how, revision string) {
		t.Helper()
		l.requireGateway(t, "edge-ingress", revision)
		for _, name := range istioctlGateways {
			l.requireInstalledGateway(t, name, revision)
		}
		for _, ns := range []string{"by-gateway", "by-namespace"} {
			if err := l.checkAPIGateway(t, ns, revision); err != nil {
				t.Errorf("%s: %v", how, err)
			}
		}
		if revision != oldRevision {
			return
		}
		l.gatewayState(t).without("pods").requireSame(t, how, installed)
		if now := l.apiGatewayObjects(t); now != deployed {
			t.Errorf("%s: Gateways and Deployments:\n%s\nwant\n%s", how, now, deployed)
		}
	}

	parkedPod := func(w write) bool { return w.method == "DELETE" && strings.Contains(w.path, "/istio-system/pods/") }
	g.killAt(t, args, parkedPod)
	rollBack := func(how string) {
		t.Helper()
		l.waitLeaseExpired(t)
		began := time.Now()
		kills := g.killAtEachWrite(t, rollbackArgs("--lease-duration", lease))
		t.Logf("rolled back %s: %d kills in %s", how, len(kills), short(time.Since(began)))
		l.requirePhase(t, "RolledBack")
		requireMakes("rolled back "+how, oldRevision)
		requireKillsAfter(t, kills, gatewayPaths)
	}
	rollBack("while old pods were parked")

	l.waitLeaseExpired(t)
	began := time.Now()
	kills := g.killAtEachWrite(t, args)
	t.Logf("upgrade: %d kills in %s", len(kills), short(time.Since(began)))
	l.requirePhase(t, "Completed")
	requireMakes("upgraded", newRevision)
	requireKillsAfter(t, kills, gatewayPaths)
	rollBack("after the old pods were gone")
}

// gatewayPaths are of the objects of each make that a run writes to.
var gatewayPaths = []string{
	"/api/v1/namespaces/edge-ingress",
	"/apis/apps/v1/namespaces/by-gateway/deployments/edge-istio",
	"/apis/apps/v1/namespaces/istio-system/deployments/istio-egressgateway",
	"/apis/apps/v1/namespaces/istio-system/deployments/istio-ingressgateway",
	"/apis/gateway.networking.k8s.io/v1/namespaces/by-gateway/gateways/edge",
}
