// SPDX-License-Identifier: Apache-2.0

package stories

import (
	"os"
	"testing"
)

// undrained is the one service of the shop that ends at once when it is told to.
const undrained = "rates"

// TestUnderLoad moves the shop there and back while it is asked for everything
// that it does, by real proxies.
func TestUnderLoad(t *testing.T) {
	tell(t, "under load, with real proxies: there and back, and no request fails but those of the service that does not drain; a wave whose Envoys refuse their configuration is put back")
	if os.Getenv("RERIG_LAB_SIZE") != "real" {
		t.Skip("needs the real lab: Linux and root")
	}
	takeDown() // two cores are not too many for what comes
	l := bring(t, "real", "--size", "real")
	defer lower(l.name)
	rounds := 1
	if repeating() {
		rounds = 5
	}
	for range rounds {
		l.thereAndBack(t)
	}
	l.refusedByAProxy(t)
}

func (l *lab) thereAndBack(t *testing.T) {
	t.Helper()
	before, gateways := l.snapshot(t, bindings()), l.gateways(t)
	l.heard(t) // it counts anew

	moved := l.rerig(t, upgrading(t)...)
	moved.exits(t, exitDone)
	moved.says(t, "Deployment shop-data/rates no preStop hook in container rates")
	t.Logf("upgrade: %s", short(moved.took))
	l.heard(t).good(t, "the upgrade")
	l.stands(t, all(newRevision))
	l.labelled(t, all(newRevision))
	l.gateways(t).same(t, "the gateways after the upgrade", gateways)
	for _, holder := range []string{"ns/shop-web/sa/web", "ns/shop-core/sa/cart", "ns/shop-core/sa/catalog", "ns/shop-core/sa/notes", "ns/shop-data/sa/ledger", "ns/shop-data/sa/rates"} {
		moved.says(t, ": spiffe://cluster.local/"+holder)
	}
	l.scraped(t, map[string]float64{
		`sum(pilot_xds{version="1.31.0"})`: 13,
		`sum(pilot_xds{version="1.29.1"})`: 4,
	})

	returned := l.rerig(t, back()...)
	returned.exits(t, exitDone)
	t.Logf("rollback: %s", short(returned.took))
	l.heard(t).good(t, "the rollback")
	l.stands(t, all(oldRevision))
	l.gateways(t).same(t, "the gateways after the rollback", gateways)
	l.snapshot(t, bindings()).ours().withoutStamps(t).same(t, "the way there and back", before.ours().withoutStamps(t))
	l.scraped(t, map[string]float64{`sum(pilot_xds{version="1.29.1"})`: 17})
}
