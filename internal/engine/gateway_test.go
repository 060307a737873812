// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
	"github.com/rerig/rerig/internal/verify"
)

// gatewayUpgrade returns an upgrade that swaps one gateway, b/x, and other workloads.
func gatewayUpgrade() *fake {
	f := swapUpgrade()
	f.intent.Policy.Gateways, f.intent.Policy.Trial = step.GatewaysLast, step.NoTrial
	for i := range f.world.Workloads {
		if f.world.Workloads[i].Ref() == gatewayRef {
			f.world.Workloads[i].Gateway = true
		}
	}
	f.ledger = step.Ledger{}
	f.approve()
	return f
}

const gatewayRef mesh.WorkloadRef = "Deployment b/x"

// The clients of a gateway's old pods are asked to leave before these are deleted; no others are.
func TestGatewaySwapClosesConnections(t *testing.T) {
	t.Parallel()
	f := gatewayUpgrade()
	var asked, deleted []string
	f.afterWrite = func(c step.Change) {
		switch c.Verb {
		case step.CloseConnections:
			asked = append(asked, c.Namespace+"/"+c.Name)
		case step.DeleteParkedPod:
			if c.Kind == "Pod" && c.Namespace == "b" && strings.HasPrefix(c.Name, "x") && !slices.Contains(asked, "b/"+c.Name) {
				t.Errorf("pod %s was deleted before its clients were asked to leave", c.Name)
			}
			deleted = append(deleted, c.Name)
		}
	}
	expect(t, f, Completed)
	requireClean(t, f, "at the end", allNew)
	if slices.Sort(asked); !slices.Equal(asked, []string{"b/x0", "b/x1"}) {
		t.Errorf("pods whose clients were asked to leave: got %v, want the two old pods of %s", asked, gatewayRef)
	}
}

// Killed after any call, in an upgrade and in its rollback, the swap of a gateway ends the same way: the pods
// that serve in the end keep their connections.
func TestGatewaySwapSurvivesAnyCrash(t *testing.T) {
	t.Parallel()
	for n := 1; ; n++ {
		f := gatewayUpgrade()
		f.intent.Waves, f.intent.Namespaces = [][]string{{"b"}}, []string{"b"}
		f.ledger = step.Ledger{}
		f.approve()
		killed := f.crashAndRollBack(t, n)
		requireClean(t, f, "rolled back", allOld)
		for _, uid := range slices.Sorted(maps.Keys(f.closing)) {
			if f.closing[uid] && slices.Contains(f.podUIDs(), uid) {
				t.Fatalf("crash at call %d: pod %s serves, and still closes its connections", n, uid)
			}
		}
		if !killed {
			return
		}
	}
}

// A gateway's connections are waited for until its pods were parked for the longest time,
// which is longer than the ready timeout. Then they are cut.
func TestGatewayConnectionsAreWaitedFor(t *testing.T) {
	t.Parallel()
	f := gatewayUpgrade()
	f.busyPod, f.intent.ParkMax = "b/x0", 3*time.Hour
	var parked, deleted time.Time
	f.afterWrite = func(c step.Change) {
		switch {
		case c.Namespace != "b" || c.Name != "x0":
		case c.Verb == step.DeleteParkedPod:
			deleted = f.now
		case c.Verb == step.Patch && strings.Contains(string(c.Patch), `"app":null`):
			parked = f.now
		}
	}
	expect(t, f, Completed)
	requireClean(t, f, "at the end", allNew)
	waits := f.reported(Waiting)
	if i := slices.IndexFunc(waits, func(e Event) bool { return e.Verdict.Check == verify.ParkedPodIdle.Name }); i < 0 ||
		!strings.Contains(waits[i].Verdict.Reason, "(it is deleted at "+parked.Add(3*time.Hour).Format(time.DateTime)+" at the latest)") ||
		!strings.Contains(waits[i].Verdict.Hint, "--park-max") {
		t.Errorf("got waiting events %+v, want one with the time of its end and --park-max", waits)
	}
	if waited := deleted.Sub(parked); waited < 3*time.Hour || waited > 3*time.Hour+time.Minute {
		t.Errorf("the pod was deleted %s after it was parked, want 3h", waited)
	}
}

// A gateway's old pod leaves its Services only when its replacement has its configuration.
func TestGatewayWithoutItsConfigurationHolds(t *testing.T) {
	t.Parallel()
	f := gatewayUpgrade()
	f.configurations = map[string]mesh.ProxyConfig{"x0": {"listener 0.0.0.0_8080": {}}, "x1": {"listener 0.0.0.0_8080": {}}}
	expect(t, f, Held)
	wantHold(t, f, step.Hold{Reason: step.ReasonTimedOut, Subject: string(gatewayRef), Message: "lacks, unlike x0, listener 0.0.0.0_8080"})
	waits := f.reported(Waiting)
	if v := waits[len(waits)-1].Verdict; v.Check != verify.GatewayConfiguration.Name {
		t.Errorf("got last verdict %+v, want %s", v, verify.GatewayConfiguration.Name)
	}
	wl, _ := f.world.Workload(gatewayRef)
	for _, p := range wl.Pods {
		if p.Swap.Place == mesh.Parked {
			t.Errorf("pod %s is parked", p.Name)
		}
	}
	f.configurations = nil
	f.approve()
	expect(t, f, Completed)
	requireClean(t, f, "corrected", allNew)
}
