// SPDX-License-Identifier: Apache-2.0

package stories

import (
	"slices"
	"testing"
)

// triable are the kinds of which a pod can be tried. Of a ReplicationController, or
// of another project's kind, nobody knows the template.
var triable = []string{
	"Deployment kinds/web", "Deployment kinds/pinned", "Deployment kinds/paused", "StatefulSet kinds/rolling", "StatefulSet kinds/partition",
	"StatefulSet kinds/ondelete", "DaemonSet kinds/away", "DaemonSet kinds/surge", "DaemonSet kinds/byhand", "ReplicaSet kinds/bare",
	"Rollout kinds/canary", "Rollout kinds/borrower",
}

// TestTrialOfEveryKind tries a pod of each kind of workload that is moved by
// restart, by eviction or by a field.
func TestTrialOfEveryKind(t *testing.T) {
	tell(t, "a pod of each kind of workload is tried first, and no controller takes it for one of its own; what cannot be tried is named")
	l := bring(t, "kinds", "--size", "hollow", "--no-shop", "--rollouts")
	defer lower(l.name)
	l.target(t, "")
	l.kindsApplied(t)
	args := moving(append(rules, "--to", newRevision, "--soak", "0s", "--trial", "out-of-service", "--parallel", "12")...)
	planned := l.rerig(t, planning(args)...)
	planned.exits(t, exitDone)
	planned.says(t, "Moved without a trial", "ReplicationController kinds/old", "Crew kinds/crew")

	before, seen := l.templates(t), l.watchTrials(t)
	forth := l.rerig(t, args...)
	forth.exits(t, exitDone)
	t.Logf("forth in %s", short(forth.took))
	l.untried(t)
	l.kindsOn(t, newRevision)
	l.untouched(t, before)
	seen.mu.Lock()
	defer seen.mu.Unlock()
	for key, x := range seen.seen {
		if len(x.names) != 1 || len(x.faults) > 0 || !slices.Contains(triable, key) {
			t.Errorf("of %s were tried %v: %v", key, x.names, x.faults)
		}
	}
	for _, key := range triable {
		if seen.seen[key] == nil {
			t.Errorf("of %s nothing was tried", key)
		}
	}
}
