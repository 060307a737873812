// SPDX-License-Identifier: Apache-2.0

package stories

import (
	"strings"
	"testing"
)

const midway = "apiVersion: v1\nkind: Namespace\nmetadata: {name: midway, labels: {istio.io/rev: " + oldRevision + "}}\n---\n"

// pauseDuringRollout pauses a Deployment during its rollout: the run names it, and
// continues when it is resumed.
func (l *lab) pauseDuringRollout(t *testing.T) {
	l.deleteRecords(t)
	l.kubectl(t, "apply", "-f", tempFile(t, midway+"apiVersion: apps/v1\nkind: Deployment\n"+strings.ReplaceAll(meta, "held",
		"midway")+"  minReadySeconds: 6\n"+good)) // enough time to pause it
	eventually(t, runTimeout, func() error { return l.podsOnOld(t, "midway", 2) })
	l.waitRolledOut(t, "midway", "x")
	g := newGate(t, l.config)
	pause := g.pauseAt(t, restartOf("midway", "x"))
	args := upgradeArgs("--to", newRevision, "-n", "midway", "--soak", "0s", "--ready-timeout", "8s", "--name", "midway")
	p := start(t, g.kubeconfig, args...)
	pause.waitReached(t, p)
	l.kubectl(t, "-n", "midway", "rollout", "pause", "deployment/x")
	pause.proceed()
	e := p.end(t, runTimeout)
	e.requireExit(t, exitHeld)
	e.requireOutput(t, "TimedOut", "Deployment midway/x")
	if err := l.checkUnmoved(t, "midway", obstacle{pods: 2}); err != nil {
		t.Error(err)
	}
	l.kubectl(t, "-n", "midway", "rollout", "resume", "deployment/x")
	l.rerig(t, upgradeArgs("--to", newRevision, "-n", "midway", "--soak", "0s", "--ready-timeout", "30s", "--name",
		"midway")...).requireExit(t, exitDone)
}

// onDeleteDuringRun changes a StatefulSet to OnDelete before its turn: another strategy
// has to be approved, and is then used.
func (l *lab) onDeleteDuringRun(t *testing.T) {
	l.deleteRecords(t)
	l.kubectl(t, "apply", "-f", tempFile(t, strings.ReplaceAll(midway+"apiVersion: apps/v1\nkind: "+
		"StatefulSet\n"+strings.ReplaceAll(meta, "held", "midway")+"  serviceName: x\n"+good, "midway", "keeps")))
	eventually(t, runTimeout, func() error { return l.podsOnOld(t, "keeps", 2) })
	g := newGate(t, l.config)
	pause := g.pauseAt(t, labelOf("keeps"))
	args := upgradeArgs("--to", newRevision, "-n", "keeps", "--soak", "0s", "--ready-timeout", "30s", "--name", "keeps")
	p := start(t, g.kubeconfig, args...)
	pause.waitReached(t, p)
	l.kubectl(t, "-n", "keeps", "patch", "statefulset", "x", "--type=merge", "-p",
		`{"spec":{"updateStrategy":{"type":"OnDelete","rollingUpdate":null}}}`)
	pause.proceed()
	e := p.end(t, runTimeout)
	e.requireExit(t, exitHeld)
	e.requireOutput(t, "PlanChanged", "evict-pods StatefulSet keeps/x: 1-29-1 -> 1-31-0")
	if err := l.podsOnOld(t, "keeps", 2); err != nil {
		t.Error(err)
	}
	again := l.rerig(t, args...)
	again.requireExit(t, exitDone)
	again.requireOutput(t, "evicted pod x-1 of StatefulSet keeps/x", "evicted pod x-0 of StatefulSet keeps/x")
	l.rerig(t, rollbackArgs("keeps")...).requireExit(t, exitDone)
	if err := l.podsOnOld(t, "keeps", 2); err != nil {
		t.Error(err)
	}
}
