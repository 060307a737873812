// SPDX-License-Identifier: Apache-2.0

package stories

import (
	"testing"
)

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

	moved := l.rerig(t, installArgs(t)...)
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
