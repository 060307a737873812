// SPDX-License-Identifier: Apache-2.0

package stories

import (
	"slices"
	"testing"
)

// trialKinds are the workloads of which a trial pod can be made. The template of a
// ReplicationController, or of an unknown kind, is not known.
var trialKinds = []string{
	"Deployment kinds/web", "Deployment kinds/pinned", "Deployment kinds/paused", "StatefulSet kinds/rolling",
	"StatefulSet kinds/partition",
	"StatefulSet kinds/ondelete", "DaemonSet kinds/away", "DaemonSet kinds/surge", "DaemonSet kinds/byhand", "ReplicaSet kinds/bare",
	"Rollout kinds/canary", "Rollout kinds/borrower",
}

// TestTrialOfEveryKind creates a trial pod of each kind of workload that is moved by
// restart, by eviction or by a field.
func TestTrialOfEveryKind(t *testing.T) {
	l := ownLab(t, "a trial pod of each kind of workload, which no controller adopts; workloads without a trial are named", "kinds",
		"--no-shop", "--rollouts")
	l.installTarget(t, "")
	l.createKinds(t)
	args := upgradeArgs(append(rules, "--to", newRevision, "--soak", "0s", "--trial", "out-of-service", "--parallel", "12")...)
	planned := l.rerig(t, planArgs(args)...)
	planned.requireExit(t, exitDone)
	planned.requireOutput(t, "Moved without a trial", "ReplicationController kinds/old", "Crew kinds/crew")

	before, seen := l.kindTemplates(t), l.watchTrials(t)
	forward := l.rerig(t, args...)
	forward.requireExit(t, exitDone)
	t.Logf("forward in %s", short(forward.took))
	l.requireNoTrials(t)
	l.requireKinds(t, newRevision)
	l.requireTemplates(t, before)
	seen.mu.Lock()
	defer seen.mu.Unlock()
	for key, x := range seen.seen {
		if len(x.names) != 1 || len(x.faults) > 0 || !slices.Contains(trialKinds, key) {
			t.Errorf("of %s were tried %v: %v", key, x.names, x.faults)
		}
	}
	for _, key := range trialKinds {
		if seen.seen[key] == nil {
			t.Errorf("of %s nothing was tried", key)
		}
	}
}
