// SPDX-License-Identifier: Apache-2.0

package stories

import (
	"strings"
	"testing"
)

const midway = "apiVersion: v1\nkind: Namespace\nmetadata: {name: midway, labels: {istio.io/rev: " + oldRevision + "}}\n---\n"

// pausedMidway has somebody pause a Deployment while it rolls: the run names it, and
// goes on when it is resumed.
func (l *lab) pausedMidway(t *testing.T) {
	l.forget(t)
	l.kubectl(t, "apply", "-f", file(t, midway+"apiVersion: apps/v1\nkind: Deployment\n"+strings.ReplaceAll(meta, "held", "midway")+"  minReadySeconds: 6\n"+good)) // time enough to pause it
	eventually(t, longest, func() error { return l.heldOn(t, "midway", 2) })
	l.settlesIn(t, "midway", "x")
	g := newGate(t, l.config)
	pause := g.pauseAt(t, restarts("midway", "x"))
	args := moving("--to", newRevision, "-n", "midway", "--soak", "0s", "--ready-timeout", "8s", "--name", "midway")
	p := start(t, g.kubeconfig, args...)
	pause.await(t, p)
	l.kubectl(t, "-n", "midway", "rollout", "pause", "deployment/x")
	pause.proceed()
	e := p.end(t, longest)
	e.exits(t, exitHeld)
	e.says(t, "TimedOut", "Deployment midway/x")
	if err := l.atMost(t, "midway", obstacle{pods: 2}); err != nil {
		t.Error(err)
	}
	l.kubectl(t, "-n", "midway", "rollout", "resume", "deployment/x")
	l.rerig(t, moving("--to", newRevision, "-n", "midway", "--soak", "0s", "--ready-timeout", "30s", "--name", "midway")...).exits(t, exitDone)
}

// onDeleteMidway has somebody make a StatefulSet keep its pods before its turn:
// another way has to be agreed to, and is then taken.
func (l *lab) onDeleteMidway(t *testing.T) {
	l.forget(t)
	l.kubectl(t, "apply", "-f", file(t, strings.ReplaceAll(midway+"apiVersion: apps/v1\nkind: StatefulSet\n"+strings.ReplaceAll(meta, "held", "midway")+"  serviceName: x\n"+good, "midway", "keeps")))
	eventually(t, longest, func() error { return l.heldOn(t, "keeps", 2) })
	g := newGate(t, l.config)
	pause := g.pauseAt(t, labels("keeps"))
	args := moving("--to", newRevision, "-n", "keeps", "--soak", "0s", "--ready-timeout", "30s", "--name", "keeps")
	p := start(t, g.kubeconfig, args...)
	pause.await(t, p)
	l.kubectl(t, "-n", "keeps", "patch", "statefulset", "x", "--type=merge", "-p", `{"spec":{"updateStrategy":{"type":"OnDelete","rollingUpdate":null}}}`)
	pause.proceed()
	e := p.end(t, longest)
	e.exits(t, exitHeld)
	e.says(t, "PlanChanged", "replace StatefulSet keeps/x: 1-29-1 -> 1-31-0")
	if err := l.heldOn(t, "keeps", 2); err != nil {
		t.Error(err)
	}
	again := l.rerig(t, args...)
	again.exits(t, exitDone)
	again.says(t, "evicted pod x-1 of StatefulSet keeps/x", "evicted pod x-0 of StatefulSet keeps/x")
	l.rerig(t, back("keeps")...).exits(t, exitDone)
	if err := l.heldOn(t, "keeps", 2); err != nil {
		t.Error(err)
	}
}
